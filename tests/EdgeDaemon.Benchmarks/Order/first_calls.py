"""Which of a process's functions are called, in the order of their first calls.

    first_calls.py PID SYMBOLS

A breakpoint at the beginning of each function that SYMBOLS (the executable's .dbg) names, taken away when it is hit (ptrace). Says "ready" when all are set, and on SIGINT the names, a line each; the process is good for
nothing afterwards. x86-64 alone: breakpoints, and where a thread is, look different elsewhere. A process of its own, since a runtime that waits for its children takes the stops of those that it traces for their ends.
"""

import ctypes
import os
import subprocess
import sys

PEEKUSER, POKEUSER, CONT, SEIZE = 3, 6, 7, 0x4206
TRACECLONE = 8
RIP = 16 * 8  # in struct user_regs_struct
SIGTRAP = 5
WALL = 0x40000000

libc = ctypes.CDLL(None, use_errno=True)
libc.ptrace.argtypes = [ctypes.c_long, ctypes.c_long, ctypes.c_void_p, ctypes.c_void_p]
libc.ptrace.restype = ctypes.c_long


def is_managed(symbol):
    """Namespace_Type__Method, as .NET's compiler names its own; the runtime's C and C++ lie where the linker lays them."""
    return "__" in symbol and not symbol.startswith(("_", "Rh"))


def functions(symbols):
    """Names by address. "000000000018ede0 t Name": data has other letters."""
    lines = subprocess.run(["nm", "--defined-only", symbols], check=True, capture_output=True, text=True).stdout.splitlines()
    words = (line.split(" ", 2) for line in lines)
    return {int(address, 16): name for address, kind, name in words if kind in "tT" and is_managed(name)}


def code(pid):
    """Where the executable begins, and its code's first and last address: file offsets are addresses, from its first mapping on."""
    executable = os.readlink(f"/proc/{pid}/exe")
    with open(f"/proc/{pid}/maps", encoding="ascii") as maps:
        lines = [line.split() for line in maps if line.rstrip().endswith(executable)]
    first, last = next(line[0] for line in lines if line[1] == "r-xp").split("-")
    return int(lines[0][0].split("-")[0], 16), int(first, 16), int(last, 16)


def main():
    if len(sys.argv) != 3:
        sys.exit(__doc__)
    pid, names = int(sys.argv[1]), functions(sys.argv[2])
    base, first, last = code(pid)
    for thread in os.listdir(f"/proc/{pid}/task"):
        if libc.ptrace(SEIZE, int(thread), 0, TRACECLONE) != 0:
            sys.exit(f"{pid} cannot be traced: {os.strerror(ctypes.get_errno())}")
    memory = os.open(f"/proc/{pid}/mem", os.O_RDWR)
    original = os.pread(memory, last - first, first)
    breaking = bytearray(original)
    for function in names:
        if first <= base + function < last:
            breaking[base + function - first] = 0xCC
    os.pwrite(memory, breaking, first)
    print("ready", flush=True)
    order = []
    try:
        while True:
            thread, status = os.waitpid(-1, WALL)
            if not os.WIFSTOPPED(status):
                continue
            event, signal = status >> 16, os.WSTOPSIG(status)
            is_breakpoint = event == 0 and signal == SIGTRAP
            if is_breakpoint:
                at = libc.ptrace(PEEKUSER, thread, RIP, 0) - 1
                if breaking[at - first] != original[at - first]:  # Another thread may have been here meanwhile.
                    breaking[at - first] = original[at - first]
                    os.pwrite(memory, original[at - first:at - first + 1], at)
                    order.append(names[at - base])
                libc.ptrace(POKEUSER, thread, RIP, at)
            libc.ptrace(CONT, thread, 0, 0 if is_breakpoint or event else signal)
    except KeyboardInterrupt:
        print("\n".join(order), flush=True)


main()
