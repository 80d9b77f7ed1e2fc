"""Transformer encoders on patches: the forward pass against torch's modules, sizes, and new blocks."""

import copy
import re

import pytest
import torch
from torch import nn

import configured
from mnist_growth.digits import PixelStatistics
from mnist_growth.growth import deepen
from mnist_growth.learning import GrowingAdamW
from mnist_growth.network import AttentionSpec, build
from mnist_growth.network.attention_block import attention_kernel
from mnist_growth.parameters import validated
from mnist_growth.pipeline_registry import register_pipelines

PIXELS = PixelStatistics(0.13, 0.31, count=100)
IMAGES = torch.randint(0, 256, (5, 28, 28), generator=torch.Generator().manual_seed(3)).to(torch.uint8)


def network(heads=(3, 3), head_width=4, dtype=torch.float64):
    """Heads of 4 entries for a stream of 12, as torch's module requires; all weights have left their initial values."""
    spec = AttentionSpec(
        patch_side=7,
        stream_width=12,
        head_width=head_width,
        neurons_per_head=5,
        heads=heads,
        feed_forward_widths=(7,) * len(heads),
        classes=6,
    )
    generator = torch.Generator().manual_seed(1)
    made = build(spec, PIXELS, generator).to(dtype).eval()
    with torch.no_grad():
        for parameter in made.parameters():
            parameter.add_(torch.randn(parameter.shape, generator=generator), alpha=0.3)
    return made


def by_role(linear, heads, width):
    """Rows of the projections as torch orders them: the queries of all heads, then their keys, then their values."""
    order = torch.arange(heads * 3 * width).reshape(heads, 3, width).transpose(0, 1).flatten()
    return linear.weight.detach()[order], linear.bias.detach()[order]


def reference_layer(block):
    """torch's pre-norm encoder layer with the weights of a block."""
    layer = nn.TransformerEncoderLayer(12, 3, 7, dropout=0.0, batch_first=True, norm_first=True).double().eval()
    attention, feed_forward = block.attention, block.feed_forward
    weight, bias = by_role(attention.projections, 3, 4)
    layer.self_attn.in_proj_weight.data.copy_(weight)
    layer.self_attn.in_proj_bias.data.copy_(bias)
    pairs = [
        (layer.self_attn.out_proj, attention.output),
        (layer.norm1, attention.norm),
        (layer.norm2, feed_forward.norm),
        (layer.linear1, feed_forward.hidden),
        (layer.linear2, feed_forward.output),
    ]
    for theirs, ours in pairs:
        theirs.load_state_dict(ours.state_dict())
    return layer


def embedded(network):
    """Tokens made with loops: a patch of 7 x 7 pixels after the other, row by row."""
    tokens = []
    for row in range(4):
        for column in range(4):
            patch = IMAGES[:, 7 * row : 7 * row + 7, 7 * column : 7 * column + 7].double() / 255
            token = network.embedding((patch.flatten(1) - network.pixel_mean) / network.pixel_std)
            tokens.append(token + network.position[len(tokens)])
    return torch.stack(tokens, dim=1)


def test_the_forward_pass_is_that_of_the_encoder_of_torch():
    ours = network()
    stream = embedded(ours)
    for block in ours.blocks:
        stream = reference_layer(block)(stream)
    expected = ours.output(ours.norm(stream.mean(1)))
    torch.testing.assert_close(ours(IMAGES), expected, rtol=1e-10, atol=1e-10)


def test_the_attention_weights_are_those_of_the_attention_of_torch():
    ours = network()
    stream = embedded(ours)
    found = ours.attention_weights(IMAGES)
    for block, weights in zip(ours.blocks, found, strict=True):
        layer = reference_layer(block)
        normalised = layer.norm1(stream)
        _, expected = layer.self_attn(normalised, normalised, normalised, average_attn_weights=False)
        torch.testing.assert_close(weights, expected, rtol=1e-10, atol=1e-12)
        stream = layer(stream)


def test_the_kernel_of_the_processor_gives_the_gradients_of_the_formula_and_their_derivatives():
    attention = network(heads=(2,), head_width=3).blocks[0].attention
    tokens = torch.randn(2, 5, 12, dtype=torch.float64, generator=torch.Generator().manual_seed(2))
    assert torch.autograd.gradcheck(attention, tokens.requires_grad_())
    assert torch.autograd.gradgradcheck(attention, tokens)
    with torch.no_grad(), attention_kernel(torch.device("cpu")):
        _, _, values = attention.heads_of(attention.norm(tokens))
        mixed = (attention.weights(tokens) @ values).transpose(1, 2).flatten(2)
        torch.testing.assert_close(attention(tokens), tokens + attention.output(mixed))


def test_a_new_block_computes_the_identity_and_learns():
    shallow = network()
    optimizer = GrowingAdamW(shallow)
    deeper, deepening = deepen(shallow, 1, IMAGES)
    assert deeper.widths == (3, 7, 3, 7, 3, 7)
    assert torch.equal(deeper(IMAGES), shallow(IMAGES))
    for name, tensor in shallow.state_dict().items():
        assert torch.equal(deeper.state_dict()[deepening.names[name]], tensor), name
    assert deepening.names["blocks.1.attention.norm.weight"] == "blocks.2.attention.norm.weight"
    assert deepening.names["blocks.0.attention.norm.weight"] == "blocks.0.attention.norm.weight"
    optimizer.grow(deeper, [deepening])
    assert optimizer.parameters.keys() == dict(deeper.named_parameters()).keys()
    deeper(IMAGES).square().sum().backward()
    new = deeper.blocks[1]
    assert new.attention.output.weight.grad.abs().max() > 0
    assert new.feed_forward.output.weight.grad.abs().max() > 0
    twice, _ = deepen(deeper, 3, IMAGES)  # one more: the two new blocks must be able to learn different things
    assert not torch.equal(twice.blocks[1].attention.projections.weight, twice.blocks[2].attention.projections.weight)
    average, _ = deepen(copy.deepcopy(shallow), 1, IMAGES)
    assert torch.equal(average.blocks[1].feed_forward.hidden.weight, new.feed_forward.hidden.weight)
    with pytest.raises(IndexError, match="no group 4 to insert a block after; the last one is 3"):
        deepen(shallow, 4, IMAGES)


def test_the_activations_of_the_formula_are_those_that_the_backward_pass_keeps():
    ours = network(dtype=torch.float32)
    kept = {}

    def keep(tensor):
        if tensor.ndim > 1 and tensor.numel() % len(IMAGES) == 0:  # not a weight or a scalar
            kept[tensor.untyped_storage().data_ptr()] = tensor
        return tensor

    with torch.autograd.graph.saved_tensors_hooks(keep, lambda tensor: tensor):
        logits = ours(IMAGES)
    logits.sum().backward()
    found = sum(tensor.untyped_storage().nbytes() for tensor in kept.values()) / 4 / len(IMAGES)
    of_the_loss = 2 * ours.classes  # the logits and their log-softmax
    assert sum(cost.activations for cost in ours.costs()) == found + of_the_loss


def test_heads_count_as_several_neurons_in_the_parameters_of_growth():
    config = configured.network(kind="attention", attention={"neurons_per_head": 40, "blocks": 2})
    spec = config.spec(100)
    assert spec.widths == (2, 100, 2, 100)
    assert spec.neurons == (80, 100, 80, 100)
    assert spec.with_equal_neurons(120).widths == (3, 120, 3, 120)
    assert spec.with_neurons([80, 100, 80, 100, 90, 100]).widths == (2, 100, 2, 100, 2, 100)
    assert config.spec(7).widths == (1, 7, 1, 7)


@pytest.mark.parametrize(
    ("changes", "sentence"),
    [
        (
            {"patch_side": 5},
            "patch_side' is 5, but patches of 5 x 5 pixels do not tile an image of 28 x 28; choose one",
        ),
        ({"patch_side": 29}, "'network.attention.patch_side' is 29; expected a value of at most 28."),
        ({"head_width": 0}, "'network.attention.head_width' is 0; expected a value of at least 1."),
        ({"blocks": 17}, "'network.attention.blocks' is 17; expected a value of at most 16."),
        ({"depth": 2}, "Unknown parameter 'network.attention.depth'"),
    ],
)
def test_wrong_sizes_are_refused_in_one_sentence(changes, sentence):
    given = {**configured.base()["network"], "kind": "attention"}
    given["attention"] = {**given["attention"], **changes}
    with pytest.raises(ValueError, match=re.escape(sentence)):
        validated("network", given, register_pipelines())


def test_half_a_block_is_refused():
    with pytest.raises(ValueError, match="has two widths per block, heads and feed-forward neurons, but 3 widths were"):
        network().spec.with_widths([1, 2, 3])
