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

# need_rust_src   unpacks the standard library's sources from Debian's rust-src, found through the machine's own mirror
need_rust_src() {
    local version mirror work suite package file sum
    version=$(rustc -vV | sed -n 's/^release: //p')
    RUST_SRC="${XDG_CACHE_HOME:-$HOME/.cache}/sealcard/rust-src-$version"
    [ -e "$RUST_SRC/library/Cargo.lock" ] && return
    step "fetching the sources of Rust's standard library (once)"
    need_packages curl:curl xz:xz-utils dpkg-deb:dpkg
    mirror=$(apt-get indextargets --format '$(REPO_URI)' | grep -v security | head -1)
    mirror=${mirror%/}
    work=$(mktemp -d)
    for suite in trixie-backports trixie forky sid; do
        curl -sSfL "$mirror/dists/$suite/main/binary-all/Packages.xz" 2>/dev/null | xz -dc >"$work/packages" ||
            curl -sSfL "$mirror/dists/$suite/main/binary-amd64/Packages.xz" | xz -dc >"$work/packages" || continue
        package=$(awk -v RS= -v v="$version" '$0 ~ "(^|\n)Package: rust-src\n" && $0 ~ "\nVersion: "v"\\+"' "$work/packages")
        [ -n "$package" ] && break
    done
    [ -n "$package" ] || fail "missing rust-src $version: run: rustup component add rust-src"
    file=$(sed -n 's/^Filename: //p' <<<"$package" | head -1)
    sum=$(sed -n 's/^SHA256: //p' <<<"$package" | head -1)
    curl -sSfL --retry 5 -o "$work/rust-src.deb" "$mirror/$file"
    echo "$sum  $work/rust-src.deb" | sha256sum -c --quiet
    rm -rf "$RUST_SRC.part"
    mkdir -p "$RUST_SRC.part"
    dpkg-deb --fsys-tarfile "$work/rust-src.deb" |
        tar -x -C "$RUST_SRC.part" --strip-components=4 --wildcards './usr/src/*/library/*'
    mv "$RUST_SRC.part" "$RUST_SRC"
    rm -rf "$work"
}
