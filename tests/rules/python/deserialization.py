import os
import pickle
import tarfile
import tempfile
import xml.sax
from pathlib import Path

import yaml
from lxml import etree


def load(data, path):
    # ruleid: python-unsafe-deserialization
    pickle.loads(data)
    # ok: python-unsafe-deserialization
    copy = pickle.loads(pickle.dumps(data))
    # ok: python-unsafe-deserialization
    json.loads(data)

    # ruleid: python-yaml-unsafe-load
    yaml.unsafe_load(data)
    # ruleid: python-yaml-unsafe-load
    yaml.load(data, Loader=yaml.Loader)
    # ruleid: python-yaml-unsafe-load
    yaml.load(data, yaml.UnsafeLoader)
    # ok: python-yaml-unsafe-load
    yaml.load(data, Loader=yaml.SafeLoader)
    # ok: python-yaml-unsafe-load
    yaml.load(data, Loader=yaml.CSafeLoader)
    # ok: python-yaml-unsafe-load
    yaml.safe_load(data)

    # ruleid: python-xml-external-entities
    etree.XMLParser(resolve_entities=True)
    # ruleid: python-xml-external-entities
    etree.XMLParser(huge_tree=True, no_network=False)
    # ok: python-xml-external-entities
    etree.XMLParser(resolve_entities=False, no_network=True)
    parser = xml.sax.make_parser()
    # ruleid: python-xml-external-entities
    parser.setFeature(xml.sax.handler.feature_external_ges, True)
    # ok: python-xml-external-entities
    parser.setFeature(xml.sax.handler.feature_external_ges, False)


def unpack(path):
    with tarfile.open(path) as archive:
        # ruleid: python-archive-path-traversal
        archive.extractall("/srv")
    with tarfile.open(path) as safe:
        # ok: python-archive-path-traversal
        safe.extractall("/srv", filter="data")
    # ruleid: python-archive-path-traversal
    tarfile.open(path).extractall()


def files():
    # ruleid: python-insecure-temporary-file
    name = tempfile.mktemp(suffix=".txt")
    # ok: python-insecure-temporary-file
    handle, other = tempfile.mkstemp()
    # ruleid: python-world-writable-file
    os.chmod(name, 0o777)
    # ruleid: python-world-writable-file
    Path(name).chmod(0o666)
    # ok: python-world-writable-file
    os.chmod(name, 0o755)
    # ok: python-world-writable-file
    Path(name).chmod(0o600)
