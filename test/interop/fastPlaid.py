"""Searches an index with fast-plaid, or writes one first. Reads .tok files, as test/bench/peers/next-plaid does.

usage: python fastPlaid.py INDEXDIR QUERIES.tok K [DOCUMENTS.tok NBITS]   prints {"version", "ids", "scores"}
"""
import importlib.metadata, json, sys
import numpy as np, torch
from fast_plaid import search


def read(path):
    data = open(path, "rb").read()
    count, dim = np.frombuffer(data, np.int32, 2)
    lengths = np.frombuffer(data, np.int32, count, 8)
    rows = np.frombuffer(data, np.float32, -1, 8 + 4 * count).reshape(-1, dim)
    ends = np.cumsum(lengths)
    return [torch.from_numpy(rows[end - length : end].copy()) for length, end in zip(lengths, ends)]


if __name__ == "__main__":
    folder, queries, k = sys.argv[1:4]
    index = search.FastPlaid(index=folder, device="cpu")
    if len(sys.argv) > 4:
        index.create(documents_embeddings=read(sys.argv[4]), nbits=int(sys.argv[5]))
    found = [
        index.search(queries_embeddings=query[None], top_k=int(k), n_full_scores=4096, n_ivf_probe=32, show_progress=False)[0]
        for query in read(queries)
    ]
    print(json.dumps({
        "version": importlib.metadata.version("fast-plaid"),
        "ids": [[int(i) for i, _ in hits] for hits in found],
        "scores": [[float(s) for _, s in hits] for hits in found],
    }))
