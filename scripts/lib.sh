# Shared by the scripts here: saying what happens, and getting what is needed.

TOOLS="${XDG_CACHE_HOME:-$HOME/.cache}/sealcard/tools"
PATH="$TOOLS/bin:$HOME/.cargo/bin:$PATH"

step() { printf '\n== %s\n' "$*"; }
fail() { printf 'error: %s\n' "$*" >&2; exit 1; }

# need_command NAME "WHAT: how to get it"
need_command() {
    command -v "$1" >/dev/null || fail "missing $2"
}

# has COMMAND   whether it is there; Debian keeps PostgreSQL's out of the path
has() {
    command -v "$1" >/dev/null || compgen -G "/usr/lib/postgresql/*/bin/$1" >/dev/null
}

# need_packages COMMAND:PACKAGE...   installs the Debian packages whose commands are missing
need_packages() {
    local missing=() pair
    for pair in "$@"; do
        has "${pair%%:*}" || missing+=("${pair##*:}")
    done
    [ ${#missing[@]} -eq 0 ] && return
    if [ "$(id -u)" != 0 ] || ! command -v apt-get >/dev/null; then
        fail "missing packages: run as root: apt-get install ${missing[*]}"
    fi
    step "installing ${missing[*]}"
    apt-get update -qq
    DEBIAN_FRONTEND=noninteractive apt-get install -y -qq --no-install-recommends "${missing[@]}" >/dev/null
}

# need_cargo_tool NAME VERSION   builds it once into the user's cache
need_cargo_tool() {
    case "$("$TOOLS/bin/$1" --version 2>/dev/null)" in
        "$1 $2"*) return ;;
    esac
    step "building $1 $2 (once)"
    cargo install --quiet --locked --root "$TOOLS" --version "~$2" "$1"
}

# build_for TARGET CARGO-ARGUMENTS...   builds for a target that has no standard library installed, from its sources: those of
# the rustup component rust-src, or those of Debian's package of the same version, kept in the user's cache
build_for() {
    local target=$1 sysroot
    shift
    sysroot=$(rustc --print sysroot)
    if [ -d "$sysroot/lib/rustlib/$target" ]; then
        cargo "$@" --target "$target"
        return
    fi
    # The option is unstable; the variables are internal to cargo: the toolchain itself is not modified.
    if [ -d "$sysroot/lib/rustlib/src/rust/library" ]; then
        RUSTC_BOOTSTRAP=1 cargo "$@" --target "$target" -Zbuild-std=core,alloc
    else
        need_rust_src
        RUSTC_BOOTSTRAP=1 __CARGO_TESTS_ONLY_SRC_ROOT="$RUST_SRC/library" cargo "$@" --target "$target" -Zbuild-std=core,alloc
    fi
}

# need_rust_src   unpacks the standard library's sources from Debian's rust-src of the same version. apt fetches and checks it,
# from the machine's own mirror, with lists of its own: nothing of the system changes
need_rust_src() {
    local version mirror work suite deb
    version=$(rustc -vV | sed -n 's/^release: //p')
    RUST_SRC="${XDG_CACHE_HOME:-$HOME/.cache}/sealcard/rust-src-$version"
    [ -e "$RUST_SRC/library/Cargo.lock" ] && return
    step "fetching the sources of Rust's standard library (once)"
    command -v apt-get >/dev/null || fail "missing rust-src: run: rustup component add rust-src"
    mirror=$(apt-get indextargets --format '$(REPO_URI)' | grep -v security | head -1)
    work=$(mktemp -d)
    mkdir -p "$work/lists/partial" "$work/cache/archives/partial"
    private_apt() {
        (cd "$work" && apt-get -qq -o Dir::Etc::SourceList="$work/sources.list" -o Dir::Etc::SourceParts=/dev/null \
            -o Dir::State::Lists="$work/lists" -o Dir::Cache="$work/cache" -o APT::Sandbox::User=root "$@" 2>/dev/null)
    }
    for suite in trixie-backports trixie forky sid; do
        echo "deb [signed-by=/usr/share/keyrings/debian-archive-keyring.gpg] $mirror $suite main" >"$work/sources.list"
        private_apt update && private_apt download "rust-src=$version+*" && break
    done
    deb=$(compgen -G "$work/rust-src_*.deb") || fail "missing rust-src $version: run: rustup component add rust-src"
    rm -rf "$RUST_SRC.part"
    mkdir -p "$RUST_SRC.part"
    dpkg-deb --fsys-tarfile "$deb" |
        tar -x -C "$RUST_SRC.part" --strip-components=4 --wildcards './usr/src/*/library/*'
    mv "$RUST_SRC.part" "$RUST_SRC"
    rm -rf "$work"
}
