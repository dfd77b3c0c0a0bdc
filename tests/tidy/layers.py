"""The house as tables (design: the arrow between folders points only up the list)."""

# Each folder of src/ and the folders it may use directly; what those use, it may use too.
ARROWS = {
    "base": [],
    "model": ["base"],
    "codec": ["model"],
    "rules": ["model"],
    "ports": ["model"],
    "engine": ["rules", "codec", "ports"],
    "salesforce": ["codec", "ports"],
    "postgres": ["codec", "ports"],
    "runtime": ["engine", "salesforce", "postgres"],
    "api": ["runtime"],
    "cli": ["api"],
}

# Folders without I/O, clock, thread or random source, and those that reach the world only through ports.
PURE = ["model", "codec", "rules"]
PORTS_ONLY = ["engine"]

# The one place that may include both the product and the simulator.
ADAPTER = "tests/simulation/org_adapter."

# Third-party header (a prefix of what is included) -> {folder: how many files there may include it}. Unit tests
# (*_test.cpp) and everything under tests/ and bench/ may include what they like.
ANY = 1000
THIRD_PARTY = {
    "fmt/": {"src": ANY, "orgsim": ANY},
    "spdlog/": {"src/base": 2, "src/runtime": 1, "orgsim/server": 1},
    "nlohmann/json_fwd.hpp": {"src": ANY, "orgsim": ANY},
    "nlohmann/json.hpp": {
        "src/codec": 4, "src/engine": 2, "src/salesforce": 12, "src/postgres": 6, "src/runtime": 6, "src/api": 10,
        "src/cli": 10, "orgsim": ANY,
    },
    "simdjson.h": {"src/codec": 5, "src/salesforce": 3},
    "toml++/": {"src/runtime": 1},
    "CLI/": {"src/cli": 3, "orgsim/server": 1},
    "prometheus/": {"src/runtime": 3, "src/api": 1},
    "httplib.h": {"src/api": 3, "orgsim/server": 3},
    "curl/": {"src/salesforce": 2},
    "grpcpp/": {"src/salesforce": 3, "orgsim/server": 6},
    "grpc/": {"src/salesforce": 1, "orgsim/server": 1},
    "pubsub_api.": {"src/salesforce": 3, "orgsim/server": 6},
    "google/protobuf/": {"src/salesforce": 1, "orgsim/server": 1},
    "openssl/": {"src/base": 1, "src/salesforce": 3, "src/postgres": 1, "src/runtime": 2, "src/api": 2, "orgsim/server": 6},
    "zlib.h": {"src/salesforce": 1, "src/api": 1, "orgsim/server": 2},
    "argon2.h": {"src/runtime": 1},
    "libpq-fe.h": {"src/postgres": 4},
    "pugixml.hpp": {"orgsim/server": 3},
    "avro.h": {"orgsim": 3},
    "gtest/": {},
    "gmock/": {},
    "rapidcheck": {},
    "benchmark/": {},
}

# What a POSIX system has, by prefix: not third-party, but I/O.
POSIX = (
    "sys/", "netinet/", "arpa/", "net/", "linux/", "unistd.h", "poll.h", "fcntl.h", "netdb.h", "signal.h", "pthread.h",
    "pwd.h", "grp.h", "dirent.h", "termios.h", "spawn.h", "time.h", "syslog.h", "endian.h", "strings.h", "ifaddrs.h",
)

# What the compiler itself brings: vector intrinsics.
COMPILER = ("emmintrin.h", "immintrin.h", "arm_neon.h", "cpuid.h")

# Standard headers of the impure kind.
WORLD_HEADERS = {
    "fstream", "iostream", "filesystem", "random", "csignal", "ctime", "syncstream", "print",
}
THREAD_HEADERS = {
    "thread", "mutex", "shared_mutex", "condition_variable", "future", "atomic", "semaphore", "latch", "barrier", "stop_token",
}


def reachable(folder: str) -> set[str]:
    """The folders that `folder` may include: itself and all above its arrows."""
    seen: set[str] = set()
    queue = [folder]
    while queue:
        current = queue.pop()
        if current not in seen:
            seen.add(current)
            queue.extend(ARROWS[current])
    return seen
