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

# build_for TARGET CARGO-ARGUMENTS...   builds for a target that has no standard library installed, from its sources
build_for() {
    local target=$1
    shift
    if [ -d "$(rustc --print sysroot)/lib/rustlib/$target" ]; then
        cargo "$@" --target "$target"
    else
        build_std core,alloc "$@" --target "$target"
    fi
}

# build_app_library TARGET [COMMAND...]   builds the library of Swift and Kotlin for apps on the target, into target/TARGET/app;
# the command is build, or for instance check. The standard library is built along, for size and without what prints
# backtraces: two hundred kilobytes less in every app. No path of this machine gets into it. More flags for rustc: APP_RUSTFLAGS
build_app_library() {
    local target=$1 cache=${XDG_CACHE_HOME:-$HOME/.cache}
    shift
    RUSTFLAGS="--remap-path-prefix=$PWD= --remap-path-prefix=${CARGO_HOME:-$HOME/.cargo}=cargo --remap-path-prefix=$cache=cache \
        ${APP_RUSTFLAGS:-}" build_std std,panic_unwind "${@:-build}" --quiet --locked --profile app --package sealcard-ffi --target "$target" \
        -Zbuild-std-features=optimize_for_size
}

# strip_library FILE   leaves out all symbols that nobody calls
strip_library() {
    if [ "$(uname)" = Darwin ]; then strip -x "$1"; else strip --strip-all "$1"; fi
}

# build_std CRATES CARGO-ARGUMENTS...   runs cargo with the standard library built from its sources: those of the rustup
# component rust-src, or those of Debian's package of the same version, kept in the user's cache
build_std() {
    local crates=$1
    shift
    # The option is unstable; the variables are internal to cargo: the toolchain itself is not modified.
    if [ -d "$(rustc --print sysroot)/lib/rustlib/src/rust/library" ]; then
        RUSTC_BOOTSTRAP=1 cargo "$@" "-Zbuild-std=$crates"
    else
        need_rust_src
        RUSTC_BOOTSTRAP=1 __CARGO_TESTS_ONLY_SRC_ROOT="$RUST_SRC/library" cargo "$@" "-Zbuild-std=$crates"
    fi
}

# debian_mirror   where this machine gets Debian's packages from
debian_mirror() {
    apt-get indextargets --format '$(REPO_URI)' 'Origin: Debian' | grep -v security | head -1 | grep . ||
        fail "no Debian mirror among this machine's package sources"
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
    mirror=$(debian_mirror)
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

# need_disk GIGABYTES   says so before the first hour is spent, if nothing is built here yet and there is no room for it
need_disk() {
    local free
    [ ! -d target ] || return 0
    free=$(df --output=avail --block-size=1G . | tail -n 1 | tr -d ' ')
    [ "$free" -ge "$1" ] || fail "missing disk: the tests take $1 GB here, and $free are free"
}

# host   this machine's own target
host() { rustc -vV | sed -n 's/^host: //p'; }

# need_swift   puts a Swift toolchain where `in_swift` finds it: the machine's own, or Debian's, unpacked into the user's cache.
# Debian has one only in newer releases than this may be: it becomes a tree of its own, and nothing of the system changes
SWIFT_TREE="${XDG_CACHE_HOME:-$HOME/.cache}/sealcard/swift-6.0-trixie"
need_swift() {
    command -v swift >/dev/null && return
    [ -e "$SWIFT_TREE/.complete" ] && return
    command -v apt-get >/dev/null || fail "missing Swift 6: get it from swift.org"
    unshare -m true 2>/dev/null || unshare -Urm true 2>/dev/null ||
        fail "missing Swift 6: get it from swift.org, or run where folders may be mounted (unshare), to use Debian's"
    step "fetching Swift (once: 550 MB to fetch, 1.1 GB to keep)"
    local mirror work part deb
    mirror=$(debian_mirror)
    part=$SWIFT_TREE.part
    work=$SWIFT_TREE.fetched
    rm -rf "$work"
    mkdir -p "$work"
    chmod 755 "$work"
    mkdir -p "$work/lists/partial" "$work/cache/archives/partial"
    : >"$work/status"
    echo "deb [signed-by=/usr/share/keyrings/debian-archive-keyring.gpg] $mirror trixie main" >"$work/sources.list"
    swift_apt() {
        apt-get -qq -o Dir::Etc::SourceList="$work/sources.list" -o Dir::Etc::SourceParts=/dev/null \
            -o Dir::Etc::PreferencesParts=/dev/null -o Dir::State="$work" -o Dir::State::Lists="$work/lists" \
            -o Dir::State::status="$work/status" -o Dir::Cache="$work/cache" -o APT::Architectures="$(dpkg --print-architecture)" \
            -o APT::Sandbox::User=root -o Acquire::Retries=5 "$@" >/dev/null
    }
    swift_apt update || fail "cannot read Debian's package lists: is there a network?"
    swift_apt -y --no-install-recommends --download-only install swiftlang binutils gcc libc6-dev libstdc++-14-dev bash \
        coreutils findutils grep sed base-files libc-bin || fail "cannot fetch Swift: is there a network?"
    # What tests do not need: debugger, editor services, sanitizers, manuals. More than half of it.
    printf './usr/%s\n' 'libexec/swift/lib/liblldb*' libexec/swift/lib/libsourcekitdInProc.so 'libexec/swift/lib/libLTO*' \
        libexec/swift/lib/swift_static libexec/swift/lib/swift/embedded libexec/swift/lib/swift/FrameworkABIBaseline \
        'libexec/swift/lib/clang/17/lib/linux/*san*' 'libexec/swift/bin/lldb*' libexec/swift/bin/repl_swift \
        libexec/swift/bin/clangd libexec/swift/bin/docc libexec/swift/bin/sourcekit-lsp libexec/swift/bin/swift-format \
        libexec/swift/bin/lld share/doc share/man share/locale share/info >"$work/exclude"
    rm -rf "$part"
    mkdir -p "$part"
    for deb in "$work"/cache/archives/*.deb; do
        dpkg-deb --fsys-tarfile "$deb" | tar -x -C "$part" --wildcards --exclude-from="$work/exclude"
    done
    mkdir -p "$part/proc" "$part/dev" "$part/tmp" "$part/root"
    chmod 1777 "$part/tmp"
    echo 'root:x:0:0:root:/root:/bin/bash' >"$part/etc/passwd"
    echo 'root:x:0:' >"$part/etc/group"
    in_tree "$part" / /sbin/ldconfig
    date -u +%F >"$part/.complete"
    rm -rf "$SWIFT_TREE" "$work"
    mv "$part" "$SWIFT_TREE"
}

# in_swift COMMAND...   runs a command that finds swift, in this folder
in_swift() {
    if command -v swift >/dev/null; then
        "$@"
    else
        in_tree "$SWIFT_TREE" "$PWD" "$@"
    fi
}

# in_tree TREE FOLDER COMMAND...   runs a command inside a Debian tree in which the folder stands at its own path. /proc must be
# there, or the dynamic linker does not find Swift's libraries
in_tree() {
    local flags=-m
    unshare -m true 2>/dev/null || flags=-Urm
    unshare "$flags" bash -c '
        set -e
        tree=$1 folder=$2
        shift 2
        mount --rbind /proc "$tree/proc"
        mount --rbind /dev "$tree/dev"
        [ "$folder" = / ] || { mkdir -p "$tree$folder"; mount --rbind "$folder" "$tree$folder"; }
        unset LD_LIBRARY_PATH LD_PRELOAD
        exec /usr/sbin/chroot "$tree" /usr/bin/env HOME=/root TMPDIR=/tmp LANG=C.UTF-8 PATH=/usr/libexec/swift/bin:/usr/bin:/bin \
            /bin/bash -c "cd \"\$0\" && exec \"\$@\"" "$folder" "$@"
    ' _ "$1" "$2" "${@:3}"
}
