"""What systemd's EnvironmentFile= reads, by its own library: one file per line of standard input, in base64; one JSON object per line."""

import base64
import ctypes
import json
import os
import sys
import tempfile

library = ctypes.CDLL(sys.argv[1])
strings = ctypes.POINTER(ctypes.c_char_p)
library.load_env_file.argtypes = [ctypes.c_void_p, ctypes.c_char_p, ctypes.POINTER(strings)]
library.strv_env_clean_with_callback.argtypes = [strings, ctypes.c_void_p, ctypes.c_void_p]
library.strv_env_clean_with_callback.restype = strings


def read(path):
    found = strings()
    if library.load_env_file(None, path, ctypes.byref(found)) < 0:
        return None
    if not found:
        return {}
    # As systemd does with the variables of a unit: names that are not valid are left out.
    cleaned = library.strv_env_clean_with_callback(found, None, None)
    variables = {}
    index = 0
    while cleaned and cleaned[index] is not None:
        name, _, value = cleaned[index].decode().partition("=")
        variables[name] = value
        index += 1
    return variables


with tempfile.TemporaryDirectory(prefix="preflight-envfile-") as directory:
    path = os.path.join(directory, "env").encode()
    for line in sys.stdin:
        with open(path, "wb") as file:
            file.write(base64.b64decode(line))
        print(json.dumps(read(path)), flush=True)
