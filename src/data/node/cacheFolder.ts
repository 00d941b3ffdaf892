import { homedir } from 'node:os';
import { join } from 'node:path';

/** Where downloads and what was computed once are kept: the folder that FOVEA_CACHE names, else the operating system's place for caches. */
export function cacheFolder(
  env: Readonly<Record<string, string | undefined>> = process.env,
  platform: NodeJS.Platform = process.platform,
  home: string = homedir(),
): string {
  if (env.FOVEA_CACHE) return env.FOVEA_CACHE;
  if (platform === 'win32') return join(env.LOCALAPPDATA || join(home, 'AppData', 'Local'), 'fovea', 'Cache');
  if (platform === 'darwin') return join(home, 'Library', 'Caches', 'fovea');
  return join(env.XDG_CACHE_HOME || join(home, '.cache'), 'fovea');
}
