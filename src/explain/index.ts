/** What looks inside a network and computes: filters, activations, projections, attributions, receptive fields, top patches. Drawing is in `fovea/draw`. */

export {};
