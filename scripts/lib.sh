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
