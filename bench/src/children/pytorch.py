"""A network in PyTorch on the CPU: answers a line of JSON for each line of JSON, until its input ends.

{"open": work, "threads": n}  →  {"version", "python", "parameters", "threads", "settings", "check"} or {"unavailable": why}
{"run": steps, "limit": s}    →  {"seconds": [one for each step]}
{"memory": true}              →  {"bytes": the most memory that this process has held}
"""

import json
import math
import platform
import resource
import sys
import time
import traceback


class Material:
    """The weights and pictures that all sides compute with: float32, filters HWIO, pictures NHWC."""

    def __init__(self, torch, material):
        self.torch = torch
        with open(material["file"], "rb") as file:
            self.bytes = bytearray(file.read())
        self.tensors = {(one["layer"], one["weight"]): one for one in material["tensors"]}
        pixels = self.view(material["input"])
        self.pixels = pixels.permute(0, 3, 1, 2)
        self.labels = torch.tensor(material["labels"])

    def view(self, tensor):
        count = math.prod(tensor["shape"])
        return self.torch.frombuffer(
            self.bytes, dtype=self.torch.float32, count=count, offset=tensor["offset"]
        ).reshape(tensor["shape"])

    def get(self, layer, *weights):
        for weight in weights:
            if (layer, weight) in self.tensors:
                return self.view(self.tensors[layer, weight])
        return None


def make_network(torch, network, material):
    """The description as a module; `from` and `with` name earlier layers. Batch normalization is folded into the weights."""
    nn = torch.nn
    activations = {"relu": lambda: nn.ReLU(inplace=True), "relu6": lambda: nn.ReLU6(inplace=True)}
    shapes = {"input": network["inputShape"]}
    read = set()
    plan = []
    modules = nn.ModuleDict()
    last = "input"
    for layer in network["layers"]:
        op, name, source = layer["op"], layer["name"], layer.get("from", last)
        shape = shapes[source]
        module, before = None, shape
        if op in ("conv2d", "depthwise"):
            channels = shape[2]
            filters = layer["filters"] if op == "conv2d" else channels
            kernel, stride, pad = layer["kernel"], layer["stride"], layer["pad"]
            groups = channels if op == "depthwise" else 1
            module = nn.Conv2d(channels, filters, kernel, stride=stride, padding=pad, groups=groups)
            shape = [(size + 2 * pad - kernel) // stride + 1 for size in shape[:2]] + [filters]
        elif op == "maxPool":
            size, stride, pad = layer["size"], layer["stride"], layer["pad"]
            module = nn.MaxPool2d(size, stride=stride, padding=pad)
            shape = [(one + 2 * pad - size) // stride + 1 for one in shape[:2]] + [shape[2]]
        elif op == "globalAveragePool":
            module, shape = nn.Sequential(nn.AdaptiveAvgPool2d(1), nn.Flatten()), [shape[2]]
        elif op == "flatten":
            module, shape = nn.Flatten(), [math.prod(shape)]
        elif op == "dense":
            module, shape = nn.Linear(shape[0], layer["units"]), [layer["units"]]
        elif op != "add":
            raise ValueError(f"unknown layer {op}")
        if material is not None and material.tensors and hasattr(module, "weight"):
            kernel = material.get(name, "foldedKernel", "kernel")
            if op == "dense":
                flattened = next((one for one in plan if one["name"] == source and one["op"] == "flatten"), None)
                if flattened is not None:
                    height, width, channels = flattened["before"]
                    kernel = kernel.reshape(height, width, channels, -1).permute(2, 0, 1, 3).reshape(kernel.shape)
                kernel = kernel.t()
            else:
                kernel = kernel.permute(*((2, 3, 0, 1) if op == "depthwise" else (3, 2, 0, 1)))
            with torch.no_grad():
                module.weight.copy_(kernel)
                module.bias.copy_(material.get(name, "foldedBias", "bias"))
        activation = activations[layer["activation"]]() if layer.get("activation") else None
        parts = [part for part in (module, activation) if part is not None]
        key = name.replace(".", "_")
        modules[key] = nn.Sequential(*parts) if len(parts) != 1 else parts[0]
        read.update([source] if source != last else [], [layer["with"]] if op == "add" else [])
        plan.append({"op": op, "name": name, "key": key, "source": source, "before": before, "other": layer.get("with")})
        shapes[name], last = shape, name

    if not read:
        return nn.Sequential(*modules.values())

    class Graph(nn.Module):
        def __init__(self):
            super().__init__()
            self.parts = modules

        def forward(self, x):
            values = {"input": x}
            for step in plan:
                value = values[step["source"]]
                if step["op"] == "add":
                    value = value + values[step["other"]]
                values[step["name"]] = self.parts[step["key"]](value)
            return values[plan[-1]["name"]]

    return Graph()


class Runner:
    """A network and a step of it, in one of the ways that PyTorch has: memory format, optimizer variant, traced or not."""

    def __init__(self, torch, work, material, channels_last=False, foreach=False, traced=False):
        self.torch, self.work = torch, work
        self.mode, self.batch = work["mode"], work["batch"]
        self.format = torch.channels_last if channels_last else torch.contiguous_format
        self.settings = "channels_last" if channels_last else "contiguous"
        torch.manual_seed(1)
        self.model = make_network(torch, work["network"], material).to(memory_format=self.format)
        self.parameters = sum(parameter.numel() for parameter in self.model.parameters())
        self.next = 0
        if self.mode == "epoch":
            height, width, channels = work["network"]["inputShape"]
            self.x = torch.rand(work["examples"], channels, height, width)
            self.y = torch.arange(work["examples"]) % 10
        else:
            count = len(material.labels) if self.mode == "train" else self.batch
            self.x = material.pixels[:count].contiguous(memory_format=self.format)
            self.y = material.labels
        if self.mode in ("train", "epoch"):
            self.settings += f", foreach={foreach}"
            self.optimizer = torch.optim.Adam(self.model.parameters(), lr=0.001, foreach=foreach)
            self.loss = torch.nn.CrossEntropyLoss()
        elif self.mode == "gradient":
            self.loss = torch.nn.MSELoss()
            with torch.no_grad():
                self.target = torch.zeros_like(self.model(self.x))
        else:
            self.model.eval()
            if traced:
                self.settings += ", traced, frozen, optimize_for_inference"
                with torch.no_grad():
                    frozen = torch.jit.freeze(torch.jit.trace(self.model, self.x))
                    self.model = torch.jit.optimize_for_inference(frozen)

    def train(self, x, y):
        self.optimizer.zero_grad(set_to_none=True)
        loss = self.loss(self.model(x), y)
        loss.backward()
        self.optimizer.step()
        return [loss.item()]

    def step(self):
        torch = self.torch
        if self.mode == "forward":
            with torch.inference_mode():
                y = self.model(self.x)
            return y
        if self.mode == "gradient":
            for parameter in self.model.parameters():
                parameter.grad = None
            loss = self.loss(self.model(self.x), self.target)
            loss.backward()
            return [loss.item()]
        if self.mode == "train":
            begin, self.next = self.next, (self.next + self.batch) % len(self.y)
            x = self.x[begin : begin + self.batch]
            return self.train(x, self.y[begin : begin + self.batch])
        order = torch.randperm(len(self.y))
        for indices in order.split(self.batch):
            result = self.train(self.x[indices].contiguous(memory_format=self.format), self.y[indices])
            if not math.isfinite(result[0]):
                raise ArithmeticError(f"the loss is {result[0]}")
        return []

    def check(self):
        result = self.step()
        if self.mode == "gradient":
            norm = sum(parameter.grad.square().sum() for parameter in self.model.parameters()).sqrt()
            return [*result, norm.item()]
        if self.mode != "forward":
            return result
        y = result.permute(0, 2, 3, 1) if result.dim() == 4 else result
        return y.reshape(-1)[:64].tolist()


def timed(step, steps, limit):
    seconds = []
    begin = time.perf_counter()
    while len(seconds) < steps and (not seconds or time.perf_counter() - begin < limit):
        start = time.perf_counter()
        step()
        seconds.append(time.perf_counter() - start)
    return seconds


def fastest(make, choices):
    """The choice whose best step is the shortest; they take turns, so that noise meets all of them."""
    runners = []
    for choice in choices:
        try:
            runner = make(**choice)
            runner.step()
            runners.append([math.inf, choice, runner])
        except RuntimeError as error:  # a way that this version does not have for this network
            print(f"{choice}: {error}", file=sys.stderr)
    if len(runners) == 1:
        return runners[0][1]
    for _ in range(3):
        for entry in runners:
            entry[0] = min(entry[0], *timed(entry[2].step, 4, 2))
    return min(runners, key=lambda entry: entry[0])[1]


CHOICES = {
    "forward": [
        {},
        {"channels_last": True},
        {"traced": True},
        {"traced": True, "channels_last": True},
    ],
    "gradient": [{}, {"channels_last": True}],
    "train": [{"channels_last": last, "foreach": foreach} for last in (False, True) for foreach in (False, True)],
}


def open_runner(question):
    try:
        import torch
    except ImportError as error:
        return None, {"unavailable": str(error)}
    torch.set_num_threads(question["threads"])
    work = question["open"]
    material = Material(torch, work["material"]) if "material" in work else None
    make = lambda **choice: Runner(torch, work, material, **choice)
    choices = CHOICES.get(work["mode"], [{}])
    # Trying out would be part of the memory that is measured: there the leanest is taken.
    if "choice" in work:
        runner = make(**work["choice"])
    else:
        runner = make(**fastest(make, choices))  # anew, with its first weights
    return runner, {
        "version": torch.__version__,
        "python": platform.python_version(),
        "parameters": runner.parameters,
        "threads": torch.get_num_threads(),
        "settings": runner.settings,
        "check": runner.check() if work["mode"] != "epoch" else [],
    }


def main():
    runner = None
    for line in sys.stdin:
        question = json.loads(line)
        try:
            if "open" in question:
                runner, answer = open_runner(question)
            elif "memory" in question:
                answer = {"bytes": resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * 1024}
            else:
                answer = {"seconds": timed(runner.step, question["run"], question["limit"])}
        except Exception:
            answer = {"failed": traceback.format_exc()}
        print(json.dumps(answer), flush=True)


if __name__ == "__main__":
    main()
