# SPDX-License-Identifier: Apache-2.0
# bash completion of attest-verifier, written by tools/completions; see bash(1), Programmable Completion.

# _attest_verifier_words WORD...: those that begin like what is being typed.
_attest_verifier_words()
{
    local word
    for word; do
        [[ $word == "$cur"* ]] && COMPREPLY+=("$word")
    done
    [[ ${COMPREPLY[0]-} == *[=:] ]] && compopt -o nospace 2>/dev/null
}

# _attest_verifier_names DIRECTORY SUFFIX: the names of its files, as far as they can be names.
_attest_verifier_names()
{
    local path name LC_ALL=C
    for path in "$1"/*"$2"; do
        name=${path##*/} name=${name%"$2"}
        [[ $name =~ ^[A-Za-z0-9_][A-Za-z0-9._-]*$ && -f $path ]] && _attest_verifier_words "$name"
    done
}

_attest_verifier_lines() { mapfile -t -O "${#COMPREPLY[@]}" COMPREPLY; }

_attest_verifier_volumes()
{
    local name key LC_ALL=C
    [ -r /etc/crypttab ] || return
    while read -r name _ key _; do
        [[ $name =~ ^[A-Za-z0-9_][A-Za-z0-9._-]*$ && $key == */attestd/secrets.sock ]] && _attest_verifier_words "$name"
    done </etc/crypttab
}

# _attest_verifier_complete WAY...: one of those below, or the words themselves.
_attest_verifier_complete()
{
    case $1 in
    nothing) ;;
    files) compopt -o filenames 2>/dev/null; _attest_verifier_lines < <(compgen -f -- "$cur") ;;
    directories) compopt -o filenames 2>/dev/null; _attest_verifier_lines < <(compgen -d -- "$cur") ;;
    users) _attest_verifier_lines < <(compgen -u -- "$cur") ;;
    groups) _attest_verifier_lines < <(compgen -g -- "$cur") ;;
    gates) _attest_verifier_names /var/lib/attestd/gates .json ;;
    secrets) _attest_verifier_names /var/lib/attestd/secrets .secret ;;
    volumes) _attest_verifier_volumes ;;
    *) _attest_verifier_words "$@" ;;
    esac
}

# Sets "way" to what completes a value of the option $1; empty: it takes none, or none that is apart.
_attest_verifier_way()
{
    way=
    case $1 in
    --listen) way='nothing' ;;
    --processes) way='nothing' ;;
    --simulated-root) way='files' ;;
    --url) way='nothing' ;;
    esac
}

_attest_verifier()
{
    local cur=${COMP_WORDS[COMP_CWORD]} way='' options='' word i
    local -a plain=()
    COMPREPLY=()
    # "--name=value" is three words here, "--name value" two.
    for ((i = 1; i < COMP_CWORD; i++)); do
        word=${COMP_WORDS[i]}
        if [[ $word == --* ]]; then
            _attest_verifier_way "$word"
            [[ ${COMP_WORDS[i + 1]} == = ]] && ((i += 1))
            [[ -n $way || ${COMP_WORDS[i]} == = ]] && ((i += 1))
            while [[ ${COMP_WORDS[i + 1]-} == [:=] ]]; do ((i += 2)); done # "unit:x", "UUID=x"
        elif [[ $word != -* ]]; then
            plain+=("$word")
        fi
    done
    if [[ $cur == = ]]; then
        cur=''
        _attest_verifier_way "${COMP_WORDS[COMP_CWORD - 1]}"
    elif [[ ${COMP_WORDS[COMP_CWORD - 1]} == = ]]; then
        _attest_verifier_way "${COMP_WORDS[COMP_CWORD - 2]}"
    elif ((i > COMP_CWORD)); then
        _attest_verifier_way "${COMP_WORDS[COMP_CWORD - 1]}"
    else
        way=
    fi
    if [[ -n $way ]]; then
        # shellcheck disable=SC2086 # words of ours
        _attest_verifier_complete $way
        return
    fi
    case "${plain[*]}" in
    'keys next-release'|'keys next-release '*) options='' ;;
    'keys rotate-nonce'|'keys rotate-nonce '*) options='' ;;
    'keys rotate-release'|'keys rotate-release '*) options='' ;;
    'keys rotate-rewrap'|'keys rotate-rewrap '*) options='' ;;
    'policy check'|'policy check '*) options='' ;;
    'policy explain'|'policy explain '*) options='' ;;
    'check'|'check '*) options='' ;;
    'init'|'init '*) options='--listen= --simulated-root= --url=' ;;
    'keys') options='' ;;
    'policy') options='' ;;
    'serve'|'serve '*) options='--listen= --processes=' ;;
    'trust'|'trust '*) options='' ;;
    '') options='--help --version' ;;
    esac
    if [[ $cur == -* ]]; then
        # shellcheck disable=SC2086
        _attest_verifier_words $options
        return
    fi
    case "${plain[*]}" in
    '') _attest_verifier_complete init serve check policy keys trust ;;
    'check') _attest_verifier_complete directories ;;
    'init') _attest_verifier_complete directories ;;
    'keys') _attest_verifier_complete rotate-nonce rotate-rewrap next-release rotate-release ;;
    'keys next-release') _attest_verifier_complete directories ;;
    'keys rotate-nonce') _attest_verifier_complete directories ;;
    'keys rotate-release') _attest_verifier_complete directories ;;
    'keys rotate-rewrap') _attest_verifier_complete directories ;;
    'policy') _attest_verifier_complete check explain ;;
    'policy check') _attest_verifier_complete files ;;
    'policy explain') _attest_verifier_complete files ;;
    'serve') _attest_verifier_complete directories ;;
    'trust') _attest_verifier_complete directories ;;
    esac
}
complete -F _attest_verifier attest-verifier
