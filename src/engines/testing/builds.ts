import type { WasmBuild } from '../wasm/index.js';

/** Whether this Node can run the wide build. */
export const hasWideBuild = Number(process.versions.node.split('.')[0]) >= 24;

/** The builds of the kernels that can run here: every suite of the engine runs on each. */
export const builds: readonly WasmBuild[] = hasWideBuild ? ['wide', 'relaxed', 'simd'] : ['relaxed', 'simd'];
