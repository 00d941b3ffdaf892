/** What a run came to: views of its predictions, intervals, findings and the next step. */

export {};
