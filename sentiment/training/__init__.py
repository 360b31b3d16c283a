"""How the shipped classifier is made: data, encoder, network, fitting, teaching and export.

Everything here needs the extra `train` (torch, onnx); nothing outside this package imports it at run time.
"""
