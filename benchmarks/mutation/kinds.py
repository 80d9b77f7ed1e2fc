"""Mutants of residual, attention and capsule networks."""

from benchmarks.mutation.mutant import Mutant

_GROWTH = "growth/test_growth_of_every_kind.py"
_RESIDUAL = f"network/test_residual.py {_GROWTH}"
_ATTENTION = f"network/test_attention.py {_GROWTH}"
_CAPSULES = f"network/test_capsules.py {_GROWTH}"

MUTANTS = (
    Mutant(
        "residual: the block is not added to the stream",
        "network/residual.py",
        "return stream + change",
        "return change",
        _RESIDUAL,
    ),
    Mutant(
        "residual: the stream grows without the outputs of the blocks",
        "network/residual.py",
        '*(UnitAxis(f"{name}.outer.weight", 0, "incoming") for name in names),',
        "",
        _RESIDUAL,
    ),
    Mutant(
        "residual: new stream units reach the blocks",
        "network/residual.py",
        '*(UnitAxis(f"{name}.inner.linear.weight", 1, "outgoing") for name in names),',
        '*(UnitAxis(f"{name}.inner.linear.weight", 1, "incoming") for name in names),',
        _RESIDUAL,
    ),
    Mutant(
        "residual: new inner units reach the stream",
        "network/residual.py",
        'UnitAxis(f"{name}.outer.weight", 1, "outgoing")',
        'UnitAxis(f"{name}.outer.weight", 1, "incoming")',
        _RESIDUAL,
    ),
    Mutant(
        "residual: a new block is not the identity",
        "network/residual.py",
        "nn.init.zeros_(block.outer.weight)",
        "block.outer.weight.mul_(0.01)",
        _RESIDUAL,
    ),
    Mutant(
        "residual: a new block cannot learn",
        "network/residual.py",
        "_draw(block.inner.linear, torch.Generator().manual_seed(after))",
        "nn.init.zeros_(block.inner.linear.weight)",
        _RESIDUAL,
    ),
    Mutant(
        "residual: a network and its average get other blocks",
        "network/residual.py",
        "torch.Generator().manual_seed(after))",
        "None)",
        _RESIDUAL,
    ),
    Mutant(
        "residual: the names of the blocks after a new one stay",
        "network/residual.py",
        'name_after_insertion(name, "blocks", after)',
        "name",
        _RESIDUAL,
    ),
    Mutant(
        "attention: products are not scaled",
        "network/attention_block.py",
        "F.scaled_dot_product_attention(queries, keys, values)",
        "F.scaled_dot_product_attention(queries, keys, values, scale=1.0)",
        _ATTENTION,
    ),
    Mutant(
        "attention: queries, keys and values of all heads are three runs of rows",
        "network/attention_block.py",
        "self.heads, 3, self.head_width)\n        queries, keys, values = split.permute(3, 0, 2, 1, 4)",
        "3, self.heads, self.head_width)\n        queries, keys, values = split.permute(2, 0, 3, 1, 4)",
        _ATTENTION,
    ),
    Mutant(
        "attention: a head takes one column of the output",
        "network/attention.py",
        'UnitAxis(f"{name}.output.weight", 1, "outgoing", width),',
        'UnitAxis(f"{name}.output.weight", 1, "outgoing"),',
        _ATTENTION,
    ),
    Mutant(
        "attention: heads are not zero in the output at first",
        "network/attention.py",
        'UnitAxis(f"{name}.output.weight", 1, "outgoing", width),',
        'UnitAxis(f"{name}.output.weight", 1, "incoming", width),',
        _ATTENTION,
    ),
    Mutant(
        "attention: the feed-forward layer does not keep the stream",
        "network/attention_block.py",
        "stream + self.output(torch.relu(self.hidden(self.norm(stream))))",
        "self.output(torch.relu(self.hidden(self.norm(stream))))",
        _ATTENTION,
    ),
    Mutant(
        "attention: a new block is the identity but for its attention",
        "network/attention.py",
        "for output in (new.attention.output, new.feed_forward.output):",
        "for output in (new.feed_forward.output,):",
        _ATTENTION,
    ),
    Mutant(
        "attention: patches are read column by column",
        "network/attention.py",
        ".transpose(2, 3)\n        return tiles",
        ".transpose(2, 3).transpose(1, 2)\n        return tiles",
        _ATTENTION,
    ),
    Mutant(
        "capsules: the couplings are a softmax over the primary capsules",
        "network/capsules.py",
        "torch.softmax(agreements, dim=0)",
        "torch.softmax(agreements, dim=2)",
        _CAPSULES,
    ),
    Mutant(
        "capsules: the routing logits are those of the last iteration",
        "network/capsules.py",
        "squash(sums) if digits is None else digits + squash(sums)",
        "squash(sums)",
        _CAPSULES,
    ),
    Mutant(
        "capsules: the agreements use the sums instead of the squashed ones",
        "network/capsules.py",
        "digits = squash(sums) if",
        "digits = sums if",
        _CAPSULES,
    ),
    Mutant(
        "capsules: a capsule is one entry in the votes",
        "network/capsules.py",
        'UnitAxis("votes.weight", 1, "outgoing", entries),',
        'UnitAxis("votes.weight", 1, "outgoing"),',
        _CAPSULES,
    ),
    Mutant(
        "capsules: new capsules vote at once",
        "network/capsules.py",
        'UnitAxis("votes.weight", 1, "outgoing", entries),',
        'UnitAxis("votes.weight", 1, "incoming", entries),',
        _CAPSULES,
    ),
    Mutant(
        "capsules: splitting is offered where the couplings depend on the size of a vote",
        "network/capsules.py",
        "is_additive = self._sizes.routing_iterations == 1",
        "is_additive = True",
        _CAPSULES,
    ),
    Mutant(
        "capsules: squashing does not shorten",
        "network/capsules.py",
        ".sqrt() / (1 + squares))",
        ".rsqrt())",
        _CAPSULES,
    ),
)
