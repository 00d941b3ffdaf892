import * as tasks from './tasks.js';

// What a page of the tests loads: the tasks, callable by the test.
Object.assign(globalThis, { inPage: tasks });
