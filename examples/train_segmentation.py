"""Train a small segmentation model on one or several releases, and compare the results.

    python examples/train_segmentation.py RELEASE [RELEASE ...] --out predictions/

Needs PyTorch, NumPy and Pillow (requirements-train.in) and nothing else from AI4Mars. Predictions
for the gold images are written to OUT/<name of the release>/<ID>.png, the form that `manage.py
evaluate_predictions` reads. See docs/TRAINING.md.
"""

from __future__ import annotations

import argparse
import json
import random
import time
from collections.abc import Iterator, Sequence
from pathlib import Path

import numpy as np
import release_data as data
import torch
from PIL import Image
from torch import Tensor, nn

CHANNELS = (16, 32, 64, 128)


def block(channels_in: int, channels_out: int) -> nn.Sequential:
    layers: list[nn.Module] = []
    for before in (channels_in, channels_out):
        layers += [
            nn.Conv2d(before, channels_out, 3, padding=1, bias=False),
            nn.BatchNorm2d(channels_out),
            nn.ReLU(inplace=True),
        ]
    return nn.Sequential(*layers)


class SmallUNet(nn.Module):
    """A U-Net (Ronneberger et al. 2015) of four levels: float (N, 1, H, W) -> (N, classes, H, W).

    H and W must be multiples of 8. The network has half a million weights, so it can be trained on
    a CPU. With a GPU, replace it with a larger network, such as the DeepLabv3 of the paper.
    """

    def __init__(self, classes: int) -> None:
        super().__init__()
        self.down = nn.ModuleList(
            block(*pair) for pair in zip((1, *CHANNELS[:-1]), CHANNELS, strict=True)
        )
        upward = list(zip(CHANNELS[:0:-1], CHANNELS[-2::-1], strict=True))
        self.widen = nn.ModuleList(nn.ConvTranspose2d(a, b, 2, stride=2) for a, b in upward)
        self.up = nn.ModuleList(block(2 * b, b) for _, b in upward)
        self.head = nn.Conv2d(CHANNELS[0], classes, 1)

    def forward(self, x: Tensor) -> Tensor:
        seen = []
        for level, layer in enumerate(self.down):
            x = layer(x if level == 0 else nn.functional.max_pool2d(x, 2))
            seen.append(x)
        for widen, layer, beside in zip(self.widen, self.up, seen[-2::-1], strict=True):
            x = layer(torch.cat([widen(x), beside], dim=1))
        return self.head(x)


def pick_device(wanted: str) -> torch.device:
    """Return the named device; `auto` is a GPU if there is one."""
    if wanted != "auto":
        return torch.device(wanted)
    if torch.cuda.is_available():
        return torch.device("cuda")
    return torch.device("mps" if torch.backends.mps.is_available() else "cpu")


def seed_all(seed: int) -> None:
    random.seed(seed)
    np.random.seed(seed)
    torch.manual_seed(seed)


def batches(
    images: Tensor, labels: Tensor, size: int, rng: np.random.Generator
) -> Iterator[tuple[Tensor, Tensor]]:
    """Yield all examples once, in random order, half of them mirrored.

    A single remaining example is added to the last batch, because batch normalization needs two.
    """
    order = rng.permutation(len(images))
    count = max(1, len(order) // size)
    for chosen in np.array_split(order, count):
        x, y = images[chosen], labels[chosen]
        mirrored = torch.from_numpy(rng.random(len(chosen)) < 0.5)
        x[mirrored], y[mirrored] = x[mirrored].flip(-1), y[mirrored].flip(-1)
        yield x, y


def train(
    examples: Sequence[data.Example], codes: Sequence[int], options: argparse.Namespace, seed: int
) -> nn.Module:
    """Return a model trained on every example `options.epochs` times."""
    seed_all(seed)
    device = pick_device(options.device)
    size = options.size
    masks = [data.read_label(example, size) for example in examples]
    # unlabeled and masked pixels are 255 in a label; the loss ignores them
    labels = torch.from_numpy(np.stack([data.to_indices(mask, codes) for mask in masks])).long()
    images = torch.from_numpy(np.stack([data.read_image(e, size) for e in examples]))[:, None]
    shares = dict.fromkeys(codes, 0.0) | data.composition(masks)
    weights = torch.tensor(data.class_weights(shares), device=device)
    loss_of = nn.CrossEntropyLoss(weight=weights, ignore_index=data.NO_LABEL)

    model = SmallUNet(len(codes)).to(device)
    optimizer = torch.optim.AdamW(model.parameters(), lr=options.rate)
    schedule = torch.optim.lr_scheduler.CosineAnnealingLR(optimizer, options.epochs)
    rng = np.random.default_rng(seed)
    for epoch in range(options.epochs):
        model.train()
        total, labeled = 0.0, 0
        for x, y in batches(images, labels, options.batch, rng):
            known = int((y != data.NO_LABEL).sum())
            if not known:
                continue
            loss = loss_of(model(x.to(device)), y.to(device))
            optimizer.zero_grad()
            loss.backward()
            optimizer.step()
            total, labeled = total + loss.item() * known, labeled + known
        schedule.step()
        print(f"  epoch {epoch + 1:>3} of {options.epochs}: loss {total / labeled:.4f}", flush=True)
    return model


@torch.no_grad()
def predict(model: nn.Module, example: data.Example, codes: Sequence[int], size: int) -> data.Mask:
    """Return the class code of every pixel of an image, at the original size."""
    model.eval()
    device = next(model.parameters()).device
    x = torch.from_numpy(data.read_image(example, size))[None, None].to(device)
    indices = model(x)[0].argmax(dim=0).to(torch.uint8).cpu().numpy()
    with Image.open(example.image) as file:
        shape = (file.height, file.width)
    return data.resized(data.to_codes(indices, codes), shape)


def score(
    examples: Sequence[data.Example],
    predictions: dict[str, data.Mask],
    codes: Sequence[int],
    truth: Path | None = None,
) -> dict[str, float]:
    """Return accuracy and mIoU over all pixels with a gold label, or a label in folder `truth`."""
    counts = np.zeros((len(codes), len(codes) + 1), dtype=np.int64)
    for example in examples:
        if truth is None:
            true = data.read_label(example)
        else:
            with Image.open(truth / f"{example.product_id}.png") as file:
                true = np.asarray(file.convert("L"))
        counts += data.confusion(true, predictions[example.product_id], codes)
    return {"accuracy": data.accuracy(counts), "miou": data.mean_iou(counts)}


def run(tree: Path, options: argparse.Namespace, seed: int) -> dict[str, object]:
    """Train on one release, test on its gold images, and return the results."""
    learned = data.examples(tree, "train")
    codes = sorted(data.composition(data.read_label(example) for example in learned))
    if not codes:
        raise SystemExit(f"Nothing is labeled in {tree}, so there is nothing to learn.")
    print(f"{tree.name}: {len(learned)} train images, classes {codes}, seed {seed}", flush=True)
    began = time.perf_counter()
    model = train(learned, codes, options, seed)
    seconds = time.perf_counter() - began
    gold = data.examples(tree, data.GOLD[0])
    predictions = {e.product_id: predict(model, e, codes, options.size) for e in gold}
    for product_id, mask in predictions.items():
        data.write_prediction(options.out / tree.name, product_id, mask)
    scores = {name: score(data.examples(tree, name), predictions, codes) for name in data.GOLD}
    if options.truth is not None:
        scores["truth"] = score(gold, predictions, codes, options.truth)
    return {"release": tree.name, "seed": seed, "seconds": seconds, "scores": scores}


def main(arguments: Sequence[str] | None = None) -> None:
    parser = argparse.ArgumentParser(description=(__doc__ or "").partition("\n")[0])
    parser.add_argument("releases", type=Path, nargs="+", metavar="RELEASE")
    parser.add_argument("--out", type=Path, required=True, help="folder for predicted masks")
    parser.add_argument("--truth", type=Path, help="folder of true masks <ID>.png, of a simulation")
    parser.add_argument("--size", type=int, default=256, help="pixels a side, a multiple of 8")
    parser.add_argument("--epochs", type=int, default=30)
    parser.add_argument("--batch", type=int, default=6)
    parser.add_argument("--rate", type=float, default=2e-3, help="learning rate at the beginning")
    parser.add_argument("--seeds", type=int, nargs="+", default=[1], help="one training for each")
    parser.add_argument("--device", default="auto", help="auto, cpu, cuda, mps ...")
    options = parser.parse_args(arguments)
    if options.size < 16 or options.size % 8:
        parser.error(f"--size {options.size}: take a multiple of 8, at least 16")

    results = []
    for seed in options.seeds:
        for tree in options.releases:
            try:
                results.append(run(tree, options, seed))
            except data.NotARelease as error:
                parser.error(str(error))
            print(json.dumps(results[-1]), flush=True)


if __name__ == "__main__":
    main()
