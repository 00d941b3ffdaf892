import { execFileSync } from 'node:child_process';
import { existsSync, mkdtempSync, readFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

/** Debian's Python, which a system package gives PyTorch to. */
const PYTHON = process.env.FOVEA_PYTHON ?? '/usr/bin/python3';

const SCRIPT = `
import argparse, collections, json, sys, torch
folder = sys.argv[1]
torch.manual_seed(0)
base = torch.arange(24, dtype=torch.float32).reshape(2, 3, 4)
shared = torch.arange(10, dtype=torch.float32)
kinds = {
    'f32': base, 'transposed': base.permute(2, 0, 1), 'sliced': base[:, 1:, ::2], 'tail': shared[4:7], 'head': shared[:3],
    'expanded': torch.tensor([5.0]).expand(2, 3), 'scalar': torch.tensor(2.5), 'empty': torch.zeros(0, 3),
    'half': torch.tensor([1.5, -0.25, 65504.0, 6e-8]).half(), 'bfloat': torch.tensor([1.5, -3.0, 1e38]).bfloat16().t(),
    'double': torch.tensor([0.1, 2.0], dtype=torch.float64), 'long': torch.tensor([7, -9]), 'bool': torch.tensor([True, False]),
    'byte': torch.tensor([200, 1], dtype=torch.uint8), 'short': torch.tensor([-300], dtype=torch.int16),
    'parameter': torch.nn.Parameter(torch.tensor([[1.0, 2.0], [3.0, 4.0]]).t()),
}
net = torch.nn.Sequential(collections.OrderedDict(
    conv=torch.nn.Conv2d(1, 2, 3), norm=torch.nn.BatchNorm2d(2), inner=torch.nn.Sequential(torch.nn.Linear(2, 3))))
optimizer = torch.optim.Adam(net.parameters())
wrapped = {'module.' + name: value for name, value in net.state_dict().items()}
checkpoint = {'epoch': 12, 'best_prec1': 91.5, 'arch': 'tiny', 'args': argparse.Namespace(lr=0.1),
              'optimizer': optimizer.state_dict(), 'state_dict': wrapped}
for name, value in {'kinds': kinds, 'checkpoint': checkpoint, 'module': net}.items():
    torch.save(value, f'{folder}/{name}.zip.pth')
    torch.save(value, f'{folder}/{name}.legacy.pth', _use_new_zipfile_serialization=False)
    torch.save(value, f'{folder}/{name}.protocol4.pth', pickle_protocol=4)
listed = lambda tensors: {k: [list(v.shape), v.detach().double().flatten().tolist()] for k, v in tensors.items()}
json.dump({'kinds': listed(kinds), 'net': listed(net.state_dict())}, open(f'{folder}/expected.json', 'w'))
`;

export interface TorchFixtures {
  /** What PyTorch itself says the tensors hold. */
  readonly expected: Readonly<Record<'kinds' | 'net', Readonly<Record<string, readonly [number[], number[]]>>>>;
  read(name: string): Uint8Array<ArrayBuffer>;
}

/** Files freshly written by PyTorch into a temporary folder, or undefined where there is no PyTorch. */
export function torchFixtures(): TorchFixtures | undefined {
  if (!existsSync(PYTHON)) return undefined;
  const folder = mkdtempSync(join(tmpdir(), 'fovea-torch-'));
  try {
    execFileSync(PYTHON, ['-c', SCRIPT, folder], { stdio: 'pipe' });
  } catch (error) {
    if (`${(error as { stderr?: unknown }).stderr}`.includes('No module named')) return undefined;
    throw error;
  }
  return {
    expected: JSON.parse(readFileSync(join(folder, 'expected.json'), 'utf8')),
    read: (name) => new Uint8Array(readFileSync(join(folder, name))),
  };
}
