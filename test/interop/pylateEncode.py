"""Loads a model folder in PyLate on the CPU and encodes texts.

usage: python pylateEncode.py MODELDIR TEXTS.json   TEXTS: {"queries": [..], "documents": [..]}
prints {"version", "missing", "queries", "documents"}: per text {"ids", "attention", "vectors" [rows][E]}; "missing" are
the encoder's weights that PyTorch had to make up, without the pooler, which vectors do not pass through.
"""
import json, os, sys

os.environ["HF_HUB_OFFLINE"] = "1"
import numpy as np, torch
import pylate
from pylate import models
from safetensors import safe_open

if __name__ == "__main__":
    folder, texts = sys.argv[1], json.load(open(sys.argv[2]))
    model = models.ColBERT(model_name_or_path=folder, device="cpu")
    model.eval()
    with safe_open(os.path.join(folder, "model.safetensors"), "pt") as file:
        stored = set(file.keys())
    encoder = model[0].auto_model
    missing = [name for name, _ in encoder.named_parameters() if name not in stored and not name.startswith("pooler.")]
    out = {"version": pylate.__version__, "missing": missing}
    for kind in ("queries", "documents"):
        out[kind] = []
        for text in texts[kind]:
            features = model.tokenize([text], is_query=kind == "queries")
            with torch.no_grad():
                vectors = model.encode([text], is_query=kind == "queries", show_progress_bar=False, convert_to_numpy=True)[0]
            out[kind].append({
                "ids": features["input_ids"][0].tolist(),
                "attention": features["attention_mask"][0].tolist(),
                "vectors": np.asarray(vectors).astype(float).tolist(),
            })
    print(json.dumps(out))
