"""Operations that aren't allowed are found however they're reached, in what an exercise needs and only there."""

from __future__ import annotations

import pytest

from grader.intake import Code, Hit, find_forbidden
from grader.sandbox.protocol import ForbiddenRule, SourceFile

RULE = ForbiddenRule(
    names=("torch.nn.Linear", "torch.nn.functional.linear", "torch.nn.Conv*", "torch.optim", "torch.optim.*"),
    instead="x @ A.T + b",
)
NAMES = ("Linear", "CNN", "train")


def hits(source: str, exercise: str = "Linear", files: dict[str, str] | None = None) -> list[Hit]:
    """What is found in a module with these helper modules."""
    beside = {path: text.encode() for path, text in (files or {}).items()}
    code = Code([SourceFile(name="hw8.py", source=source)], NAMES, beside)
    return find_forbidden(code, [exercise], [RULE])


def forward(body: str, before: str = "") -> str:
    """A layer whose forward does this."""
    return f"{before}\nclass Linear:\n    def forward(self, x):\n        {body}"


F = "import torch.nn.functional as F"


@pytest.mark.parametrize(
    "source",
    [
        "import torch.nn as nn\nclass Linear(nn.Linear): pass",
        "import torch\nLinear = torch.nn.Linear",
        "from torch.nn import Linear",
        "from torch.nn import Linear as L\nclass Linear(L): pass",
        "from torch.nn import *\nclass Base(Conv2d): pass\nclass Linear(Base): pass",
        "import torch.nn as nn\nclass Base(nn.Linear): pass\nclass Linear(Base): pass",
        forward("return F.linear(x)", F),
        f"{F}\nclass Linear:\n    F = None\n    def forward(self, x): return F.linear(x)",
        forward("return F2.linear(x)", f"{F}\nF2 = F"),
        forward("return f(x)", f"{F}\nf = F.linear"),
        forward("return f(x)", f"{F}\nf, g = F.linear, 3"),
        forward("return lin(x)", "from torch.nn.functional import linear as lin"),
        forward("import torch\n        return torch.nn.functional.linear(x)"),
        forward("from torch.nn import functional as F\n        return F.linear(x)"),
        forward("G = F; f = G.linear\n        return f(x)", F),
        forward("return getattr(F, 'linear')(x)", F),
        forward("return getattr(F, 'lin' + 'ear')(x)", F),
        forward("name = 'line'\n        return getattr(F, f'{name}ar')(x)", F),
        forward("return vars(F)['linear'](x)", F),
        forward("return F.__dict__['linear'](x)", F),
        forward("return __import__('torch').nn.functional.linear(x)"),
        forward("return __import__('torch.nn', fromlist=['x']).Linear(x)"),
        forward("return sys.modules['torch.nn.functional'].linear(x)", f"import sys\n{F}"),
        forward("return importlib.import_module('torch.nn.functional').linear(x)", "import importlib"),
        forward("return (lambda y: F.linear(y))(x)", F),
        forward("return [F.linear(y) for y in x]", F),
        forward("return helper(x)", f"{F}\ndef helper(x): return F.linear(x)"),
        forward("return F.torch.nn.Linear(x)", F),
        "import torch\nclass Linear: pass\nLinear.forward = torch.nn.Linear.forward",
        "import torch\nclass Linear: pass\ndef f(x): return torch.nn.Linear(x)\nsetattr(Linear, 'forward', f)",
        "import torch\ndef wrap(c): return torch.nn.Linear\n@wrap\nclass Linear: pass",
        forward("return x", "import torch\ndef f(y=torch.nn.Linear): pass\nq = f") + "\n    g = q",
    ],
)
def test_reached_in_whatever_way(source: str) -> None:
    """Imports, aliases, attribute chains, constant strings, base classes, decorators, helpers, later changes."""
    assert hits(source) != []


@pytest.mark.parametrize(
    "source",
    [
        f"{F}\nclass Linear:\n    'unlike F.linear'\n    # not nn.Linear",
        f"{F}\nclass Linear: pass\nprint(F.linear, F.linear(Linear()))",
        "import torch\nclass Linear: pass\nreference = torch.nn.Linear(2, 3)",
        "class Linear: pass\nfrom torch.nn import Linear",
        "import torch.nn as nn\nclass Linear(nn.Module):\n    def f(self, x: nn.Linear) -> nn.Linear: pass",
        forward("return isinstance(x, nn.Linear)", "import torch.nn as nn"),
        forward("F = x\n        return F.linear(x)", F),
        "import torch.nn.functional as F\nclass Linear:\n    def forward(self, F): return F.linear()",
        forward("return [F.linear for F in x]", F),
        forward("return self.linear(x)", F),
        forward("return x.linear()", F),
        "import mylib as nn\nclass Linear(nn.Linear): pass",
        "import torch\ndef train(): torch.optim.SGD\nclass Linear:\n    def f(self): train()",
    ],
)
def test_mentions_and_namesakes_cost_nothing(source: str) -> None:
    """Comments, texts, annotations, scratch, comparisons, parameters and the student's own names."""
    assert hits(source) == []


def test_a_hit_tells_where_and_what_instead() -> None:
    """The operation's full name, the line and its text, and what the rule says."""
    (hit,) = hits(forward("return F.linear(x)", F))
    assert hit == Hit(
        exercise="Linear",
        operation="torch.nn.functional.linear",
        instead="x @ A.T + b",
        file="hw8.py",
        line=4,
        text="return F.linear(x)",
    )


def test_the_search_stops_at_other_exercises() -> None:
    """What `Linear` does is not held against `CNN`, which builds on it."""
    source = "import torch.nn as nn\nclass Linear(nn.Linear): pass\nclass CNN:\n    fc = Linear(2, 3)"
    assert hits(source, "CNN") == []
    assert len(hits(source, "Linear")) == 1
    layers = {"layers.py": "import torch\nclass Linear(torch.nn.Linear): pass\nclass Other(Linear): pass"}
    assert hits("import layers\nclass CNN: fc = layers.Linear(2, 3)", "CNN", layers) == []
    assert len(hits("import layers\nclass CNN: fc = layers.Other(2, 3)", "CNN", layers)) == 0


@pytest.mark.parametrize(
    "source",
    [
        "from layers import Linear",
        "from layers import *",
        "import layers\nclass Linear(layers.Linear): pass",
        "import layers\nLinear = layers.Linear",
        "from pack.deep import Linear",
        "from pack import Linear",
    ],
)
def test_helper_modules_are_searched(source: str) -> None:
    """Into the name that is used, with the helper's own file and line; its other names cost nothing."""
    files = {
        "layers.py": "import torch\nclass Other(torch.optim.SGD): pass\nclass Linear(torch.nn.Linear): pass\n",
        "pack/__init__.py": "from .deep import Linear\n",
        "pack/deep.py": "import torch\n\nclass Linear(torch.nn.Linear): pass\n",
    }
    (hit,) = hits(source, files=files)
    assert hit.line == 3
    assert hit.file in ("layers.py", "pack/deep.py")
    assert hit.operation == "torch.nn.Linear"


def test_patterns_and_members_of_what_is_named() -> None:
    """`torch.nn.Conv*` is every convolution; a method of a named class falls under it."""
    assert hits(forward("return nn.Conv3d(x)", "from torch import nn"))[0].operation == "torch.nn.Conv3d"
    assert hits(forward("nn.Linear.forward(self, x)", "from torch import nn")) != []


def test_aliases_without_end_are_not_followed() -> None:
    """Cycles stand for nothing; a long chain is followed link by link, since each is part of the slice."""
    chain = "\n".join(f"a{n} = a{n - 1} if a{n - 1} else a{n - 1}" for n in range(1, 500))
    assert hits(f"import torch\na0 = torch\n{chain}\nclass Linear: x = a499.nn.Linear") != []
    assert hits(forward("return a.nn.Linear", "a = b\nb = a")) == []
    assert hits(forward("a = b; b = a\n        return a.nn.Linear")) == []
