"""Make Python from the contracts: messages, stubs and types, into `generated/`.

Run as `python protos/generate.py`. A digest of the contracts is written beside the
code, so that `mesh.contracts` notices code that is older than its contract.
"""

from __future__ import annotations

import hashlib
import shutil
import subprocess
import sys
from pathlib import Path

from google.protobuf import any_pb2, descriptor_pb2, duration_pb2, field_mask_pb2, timestamp_pb2
from google.rpc import status_pb2
from protobuf.wkt.google.protobuf import descriptor_pb
from protovalidate._gen.buf.validate import validate_pb

PROTOS = Path(__file__).resolve().parent
BIN = Path(sys.executable).parent
GENERATED = PROTOS.parent / "generated"
VALIDATE = "buf/validate/validate.proto"
FOREIGN = (descriptor_pb2, any_pb2, duration_pb2, field_mask_pb2, timestamp_pb2, status_pb2)


def digest() -> str:
    """The SHA-256 of every contract, by path and content."""
    total = hashlib.sha256()
    for proto in sorted(PROTOS.rglob("*.proto")):
        total.update(str(proto.relative_to(PROTOS)).encode() + b"\0" + proto.read_bytes())
    return total.hexdigest()


def validate_descriptor() -> bytes:
    """The constraints' own contract as a descriptor set; its wheel carries no `.proto`."""
    file = validate_pb.desc().proto
    assert isinstance(file, descriptor_pb.FileDescriptorProto)
    return file.to_binary()


def descriptor_set(target: Path) -> None:
    """Write what protoc and buf need besides our own sources."""
    files = descriptor_pb2.FileDescriptorSet()
    for module in FOREIGN:
        module.DESCRIPTOR.CopyToProto(files.file.add())
    files.file.add().ParseFromString(validate_descriptor())
    target.write_bytes(files.SerializeToString())


def generate() -> None:
    """Replace `generated/` by code for the contracts as they are now."""
    fresh = GENERATED.with_name("generated.new")
    shutil.rmtree(fresh, ignore_errors=True)
    fresh.mkdir()
    known = fresh / "known.binpb"
    descriptor_set(known)
    ours = sorted(str(p.relative_to(PROTOS)) for p in PROTOS.rglob("*.proto"))
    subprocess.run(
        [
            sys.executable,
            "-m",
            "grpc_tools.protoc",
            f"--descriptor_set_in={known}",
            f"-I{PROTOS}",
            f"--plugin=protoc-gen-mypy={BIN / 'protoc-gen-mypy'}",
            f"--plugin=protoc-gen-mypy_grpc={BIN / 'protoc-gen-mypy_grpc'}",
            f"--python_out={fresh}",
            f"--mypy_out=quiet:{fresh}",
            f"--grpc_python_out={fresh}",
            f"--mypy_grpc_out=quiet,only_async:{fresh}",
            *ours,
            VALIDATE,
        ],
        check=True,
    )
    for empty in fresh.rglob("*_pb2_grpc.py"):
        if "def add_" not in empty.read_text():
            empty.unlink()
            empty.with_suffix(".pyi").unlink(missing_ok=True)
    (fresh / "contracts.sha256").write_text(digest())
    shutil.rmtree(GENERATED, ignore_errors=True)
    fresh.rename(GENERATED)


if __name__ == "__main__":
    generate()
