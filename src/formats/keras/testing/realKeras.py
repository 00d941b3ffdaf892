"""What Keras 3 itself makes of files: called with `open FOLDER` or `write FOLDER`.

open: every NAME.keras in the folder is loaded, run on NAME.x.npy, and its predictions are saved as NAME.y.npy; where Keras
refuses, NAME.error.txt says why.

write: networks of every kind of layer, with random weights, are saved as NAME.keras, NAME.h5 and NAME.weights.h5, with
examples and predictions beside them.
"""

import glob, os, sys

os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")
import keras
import numpy as np
from keras import layers as l


def stir(model, seed):
    """Every array gets numbers of its own: zeros and ones would hide that two were exchanged."""
    random = np.random.default_rng(seed)
    for layer in model.layers:
        if isinstance(layer, keras.Model):
            stir(layer, seed + 1)
            continue
        values = []
        for i, weight in enumerate(layer.weights):
            name = weight.path.split("/")[-1]
            if name in ("seed_generator_state", "count"):
                values.append(keras.ops.convert_to_numpy(weight))
            elif name in ("gamma", "moving_variance", "variance"):
                values.append(random.uniform(0.6, 1.4, weight.shape).astype("float32"))
            elif len(weight.shape) == 1:
                values.append(random.normal(0, 0.2, weight.shape).astype("float32"))
            else:
                fan = np.prod(weight.shape[:-1])
                values.append(random.normal(0, (2 / fan) ** 0.5, weight.shape).astype("float32"))
        layer.set_weights(values)
        if isinstance(layer, l.Normalization):
            layer.finalize_state()


def calibrate(model, xs):
    """Running statistics of what comes: otherwise nothing of a picture is left behind thirty layers."""
    for layer in model.layers:
        if isinstance(layer, keras.Model):
            calibrate(layer, xs)
    norms = [layer for layer in model.layers if isinstance(layer, l.BatchNormalization)]
    before = [(layer.momentum, layer.trainable) for layer in norms]
    for layer in norms:
        layer.momentum, layer.trainable = 0, True
    model(xs if len(xs) > 1 else xs[0], training=True)
    for layer, (momentum, trainable) in zip(norms, before):
        layer.momentum, layer.trainable = momentum, trainable


def chain():
    return keras.Sequential(
        [
            l.Input((12, 12, 2)),
            l.Rescaling(0.5, offset=-1),
            l.Normalization(mean=[0.1, 0.2], variance=[4, 0.25]),
            l.ZeroPadding2D(((1, 0), (0, 1))),
            l.Conv2D(4, (3, 2), strides=(1, 2), padding="same", activation="relu", kernel_regularizer="l2"),
            l.BatchNormalization(epsilon=1e-5, momentum=0.9, scale=False),
            l.DepthwiseConv2D(3, depth_multiplier=2, padding="same", use_bias=False, activation="silu"),
            l.Conv2D(4, 1, groups=2, kernel_constraint=keras.constraints.MaxNorm(3, [0, 1, 2]), dilation_rate=2),
            l.ReLU(max_value=5, negative_slope=0.1),
            l.SeparableConv2D(5, 3, activation="tanh", trainable=False),
            l.SpatialDropout2D(0.25),
            l.MaxPooling2D((2, 1), strides=(2, 1)),
            l.LeakyReLU(negative_slope=0.3),
            l.Conv2DTranspose(3, 3, strides=2, padding="same", activation="elu"),
            l.UpSampling2D((1, 2), interpolation="bilinear"),
            l.Cropping2D((1, 2)),
            l.AveragePooling2D(2, padding="same"),
            l.LayerNormalization(epsilon=1e-4),
            l.ELU(alpha=0.5),
            l.Flatten(),
            l.Dropout(0.5),
            l.Dense(12, activation="gelu", bias_constraint="non_neg"),
            l.Reshape((2, -1)),
            l.Activation("softplus"),
            l.Dense(3),
            l.Softmax(),
        ]
    )


def graph():
    a, b = keras.Input((8, 8, 3), name="a"), keras.Input((8, 8, 3), name="b")
    shared = l.Conv2D(3, 3, padding="same", activation="relu6", name="shared")
    x, y = shared(a), shared(b)
    z = l.Concatenate()([l.Multiply()([x, y]), l.Add()([x, y, a])])
    outputs = [l.GlobalAveragePooling2D()(z), l.Dense(4, activation="softmax")(l.GlobalMaxPooling2D()(shared(x)))]
    return keras.Model([a, b], outputs)


def nested():
    """A base network as one layer, the usual way of fine-tuning in Keras."""
    base = keras.applications.MobileNet(weights=None, include_top=False, input_shape=(64, 64, 3), alpha=0.25)
    base.trainable = False
    x = keras.Input((64, 64, 3))
    y = l.Dense(3, activation="softmax")(l.Dropout(0.2)(l.GlobalAveragePooling2D()(base(x, training=False))))
    return keras.Model(x, y)


def nested_sequential():
    base = keras.Sequential([l.Input((9, 9, 2)), l.Conv2D(3, 3, activation="relu"), l.BatchNormalization()], name="base")
    return keras.Sequential([base, l.Flatten(), l.Dense(3, activation="softmax")])


def operators():
    """Sums written with operators, which Keras keeps as layers of its own."""
    x = keras.Input((6, 6, 2))
    y = l.Conv2D(2, 3, padding="same")(x)
    return keras.Model(x, l.Flatten()(x + y))


def trained():
    """Compiled and fitted for a step: the file holds the optimizer's state too."""
    model = keras.Sequential([l.Input((6, 6, 1)), l.Conv2D(2, 3), l.Flatten(), l.Dense(2, activation="softmax")])
    model.compile("adam", "sparse_categorical_crossentropy", metrics=["accuracy"])
    model.fit(np.random.default_rng(0).normal(size=(8, 6, 6, 1)), np.arange(8) % 2, verbose=0)
    return model


applications = {
    "vgg16": lambda: keras.applications.VGG16(weights=None, input_shape=(32, 32, 3), classes=3),
    "mobilenet": lambda: keras.applications.MobileNet(weights=None, input_shape=(64, 64, 3), alpha=0.25, classes=3),
    "mobilenet_v2": lambda: keras.applications.MobileNetV2(weights=None, input_shape=(64, 64, 3), alpha=0.35, classes=3),
    "resnet50": lambda: keras.applications.ResNet50(weights=None, input_shape=(64, 64, 3), classes=3),
    "efficientnet_b0": lambda: keras.applications.EfficientNetB0(weights=None, input_shape=(64, 64, 3), classes=3),
}
kinds = {
    "chain": chain,
    "graph": graph,
    "nested": nested,
    "nested_sequential": nested_sequential,
    "operators": operators,
    "trained": trained,
    **applications,
}


def predict(model, xs):
    y = model(xs if len(xs) > 1 else xs[0], training=False)
    return [keras.ops.convert_to_numpy(one) for one in (y if isinstance(y, (list, tuple)) else [y])]


def saved(folder, name, what, arrays):
    for i, array in enumerate(arrays):
        np.save(os.path.join(folder, f"{name}.{what}{i}.npy"), np.asarray(array, dtype="float32"))


def write(folder, names):
    for seed, name in enumerate(names or kinds):
        model = kinds[name]()
        random = np.random.default_rng(100 + seed)
        scale = 60 if name == "efficientnet_b0" else 1  # it rescales its pictures itself
        xs = [(scale * random.normal(size=(8, *x.shape[1:]))).astype("float32") for x in model.inputs]
        if name != "trained":
            stir(model, seed)
            calibrate(model, xs)
        saved(folder, name, "x", xs)
        saved(folder, name, "y", predict(model, xs))
        model.save(os.path.join(folder, f"{name}.keras"))
        model.save(os.path.join(folder, f"{name}.h5"))
        model.save_weights(os.path.join(folder, f"{name}.weights.h5"))


def open_all(folder):
    for path in sorted(glob.glob(os.path.join(folder, "*.keras"))):
        name = os.path.basename(path)[: -len(".keras")]
        try:
            model = keras.saving.load_model(path)
            xs = [np.load(one) for one in sorted(glob.glob(os.path.join(folder, f"{name}.x*.npy")))]
            saved(folder, name, "y", predict(model, xs))
        except Exception as error:
            with open(os.path.join(folder, f"{name}.error.txt"), "w") as file:
                file.write(f"{type(error).__name__}: {error}")


if sys.argv[1] == "write":
    write(sys.argv[2], sys.argv[3:])
else:
    open_all(sys.argv[2])
