import checks
import keras
import numpy as np
import pytest
import tiny

import kgan


def make():
    networks = tiny.networks(norm=False)
    return kgan.WGANGP(*networks, discriminator_steps=2, ema_decay=0.9)


@pytest.mark.parametrize("check", checks.ALL)
def test_wgan_gp(check):
    check(make)


def test_defaults_are_algorithm_1():
    """arXiv:1704.00028: lambda = 10, n_critic = 5, alpha = 0.0001, beta_1 = 0, beta_2 = 0.9."""
    gan = kgan.WGANGP(*tiny.line())
    gan.compile()
    assert gan.discriminator_steps == 5
    assert isinstance(gan.loss_function, kgan.losses.Wasserstein)
    (penalty,) = gan.penalties
    assert isinstance(penalty, kgan.penalties.GradientPenalty)
    assert penalty.weight == 10.0
    for optimizer in (gan.optimizer.generator, gan.optimizer.discriminator):
        assert isinstance(optimizer, keras.optimizers.Adam)
        assert float(optimizer.learning_rate) == pytest.approx(1e-4)
        assert (optimizer.beta_1, optimizer.beta_2) == (0.0, 0.9)


def test_a_round_is_algorithm_1():
    """One critic step and one of the generator, worked out by hand."""
    gan = kgan.WGANGP(*tiny.line(1.0, 0.5, weight=2.0, bias=0.1), discriminator_steps=1)
    gan.compile(keras.optimizers.SGD(0.1), keras.optimizers.SGD(0.1))
    alphas = tiny.column(0.25, 0.75)
    tiny.ListedNoise(gan, [tiny.column(0.0, 1.0), alphas, tiny.column(2.0, 4.0)])
    logs = gan.fit(tiny.column(1.0, 2.0), batch_size=2, shuffle=False, verbose=0).history
    # Critic: mean x = 1.5, mean G(z) = 1; the gradient is w everywhere: penalty (2 - 1)^2 = 1;
    #         loss 2 (1 - 1.5) + 10 * 1 = 9; gradient (1 - 1.5) + 10 * 2 (2 - 1) = 19.5;
    #         w = 2 - 0.1 * 19.5 = 0.05.
    # Generator: mean G(z) = 3.5; loss -(0.05 * 3.5 + 0.1) = -0.275; gradients -0.05 * 3 = -0.15
    #         and -0.05, so that slope = 1.015 and offset = 0.505.
    np.testing.assert_allclose(logs["d_loss"], [9.0], rtol=1e-5)
    np.testing.assert_allclose(logs["gradient_penalty"], [1.0], rtol=1e-5)
    np.testing.assert_allclose(logs["g_loss"], [-0.275], rtol=1e-4)
    learned = np.concatenate([k.ravel() for k in checks.values(gan.trainable_variables)])
    np.testing.assert_allclose(learned, [1.015, 0.505, 0.05, 0.1], rtol=1e-4)


def test_another_penalty_can_be_given():
    penalty = kgan.penalties.LipschitzPenalty(1.0)
    gan = kgan.WGANGP(*tiny.line(), penalties=[penalty])
    assert gan.penalties == [penalty]
    assert "lipschitz_penalty" in gan.term_names()
    assert kgan.WGANGP(*tiny.line(), penalties=penalty).penalties == [penalty]


def test_batch_normalisation_in_the_critic_is_refused():
    generator, discriminator = tiny.networks(norm=True)
    with pytest.raises(ValueError, match="batch normalisation"):
        kgan.WGANGP(generator, discriminator)


@pytest.mark.backend("tensorflow")
def test_no_weight_moves_while_it_is_read():
    """In a round's graph, what reads a weight comes before its update, not the reading alone.

    A bias has no gradient in a gradient penalty, whose rectifiers it shifts: its own gradient is
    known long before. Where the update did not wait, a penalty was computed with new biases now
    and then, on a busy machine.
    """
    import tensorflow as tf

    gan = kgan.WGANGP(*tiny.networks(norm=False), discriminator_steps=1)
    gan.compile()
    images = tf.TensorSpec((4, 1, *tiny.SHAPE), "uint8")
    step = tf.function(lambda x: gan.train_step((x,)), autograph=False)
    operations = step.get_concrete_function(images).graph.get_operations()
    before = {}
    for op in operations:
        above = [t.op for t in op.inputs] + list(op.control_inputs)
        before[op] = set(above).union(*(before.get(o, ()) for o in above))
    updates = [op for op in operations if op.type.startswith("Assign")]
    # TensorFlow leaves out what nothing asks for.
    computed = set().union(*(before[op] for op in updates))
    reads = {}
    checked = 0
    for op in operations:
        if op.type == "ReadVariableOp":
            reads.setdefault(op.inputs[0].op, []).append(op)
        elif op.type == "AssignSubVariableOp":
            for read in reads.pop(op.inputs[0].op, ()):
                for reader in computed.intersection(read.outputs[0].consumers()):
                    checked += 1
                    assert reader in before[op], (op.name, reader.name)
    assert checked > 20
