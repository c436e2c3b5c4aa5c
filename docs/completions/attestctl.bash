# SPDX-License-Identifier: Apache-2.0
# bash completion of attestctl, written by tools/completions; see bash(1), Programmable Completion.

# _attestctl_words WORD...: those that begin like what is being typed.
_attestctl_words()
{
    local word
    for word; do
        [[ $word == "$cur"* ]] && COMPREPLY+=("$word")
    done
    [[ ${COMPREPLY[0]-} == *[=:] ]] && compopt -o nospace 2>/dev/null
}

# _attestctl_names DIRECTORY SUFFIX: the names of its files, as far as they can be names.
_attestctl_names()
{
    local path name LC_ALL=C
    for path in "$1"/*"$2"; do
        name=${path##*/} name=${name%"$2"}
        [[ $name =~ ^[A-Za-z0-9_][A-Za-z0-9._-]*$ && -f $path ]] && _attestctl_words "$name"
    done
}

_attestctl_lines() { mapfile -t -O "${#COMPREPLY[@]}" COMPREPLY; }

_attestctl_volumes()
{
    local name key LC_ALL=C
    [ -r /etc/crypttab ] || return
    while read -r name _ key _; do
        [[ $name =~ ^[A-Za-z0-9_][A-Za-z0-9._-]*$ && $key == */attestd/secrets.sock ]] && _attestctl_words "$name"
    done </etc/crypttab
}

# _attestctl_complete WAY...: one of those below, or the words themselves.
_attestctl_complete()
{
    case $1 in
    nothing) ;;
    files) compopt -o filenames 2>/dev/null; _attestctl_lines < <(compgen -f -- "$cur") ;;
    directories) compopt -o filenames 2>/dev/null; _attestctl_lines < <(compgen -d -- "$cur") ;;
    users) _attestctl_lines < <(compgen -u -- "$cur") ;;
    groups) _attestctl_lines < <(compgen -g -- "$cur") ;;
    gates) _attestctl_names /var/lib/attestd/gates .json ;;
    secrets) _attestctl_names /var/lib/attestd/secrets .secret ;;
    volumes) _attestctl_volumes ;;
    *) _attestctl_words "$@" ;;
    esac
}

# Sets "way" to what completes a value of the option $1; empty: it takes none, or none that is apart.
_attestctl_way()
{
    way=
    case $1 in
    --ak) way='files' ;;
    --api-version) way='nothing' ;;
    --at) way='nothing' ;;
    --attest) way='files' ;;
    --bind) way='ak-name chip-id fleet host-data id-key vm-id' ;;
    --cache) way='directories' ;;
    --cert) way='files' ;;
    --client-id) way='nothing' ;;
    --color) way='always auto never' ;;
    --config) way='files' ;;
    --crl) way='files' ;;
    --device) way='files' ;;
    --file) way='files' ;;
    --for) way='unit: user: volume:' ;;
    --fstype) way='nothing' ;;
    --gate) way='gates' ;;
    --group) way='groups' ;;
    --header) way='checked detached: unchecked' ;;
    --jwks) way='files' ;;
    --kds) way='nothing' ;;
    --kds-ca) way='files' ;;
    --key) way='files' ;;
    --key-url) way='nothing' ;;
    --kind) way='key-release pcr rewrap verifier' ;;
    --log) way='files' ;;
    --mode) way='nothing' ;;
    --mount) way='directories' ;;
    --next-release-key) way='files' ;;
    --nonce) way='nothing' ;;
    --on-change) way='keep reload restart' ;;
    --on-loss) way='keep poweroff stop-units' ;;
    --options) way='nothing' ;;
    --out) way='files' ;;
    --owner) way='users' ;;
    --paravisor) way='nothing' ;;
    --path) way='files' ;;
    --pcr) way='nothing' ;;
    --pcrs) way='files' ;;
    --policy) way='files' ;;
    --quote) way='files' ;;
    --recovery-key) way='files' ;;
    --report) way='files' ;;
    --report-data) way='nothing' ;;
    --resource) way='nothing' ;;
    --root) way='directories' ;;
    --roots) way='directories' ;;
    --runtime-directory) way='directories' ;;
    --signature) way='files' ;;
    --state-directory) way='directories' ;;
    --timeout) way='nothing' ;;
    --token) way='files' ;;
    --trust) way='files' ;;
    --vault-ca) way='files' ;;
    --verifier) way='nothing' ;;
    --vtpm-ca) way='files' ;;
    --vtpm-root) way='certificate host paravisor svsm' ;;
    --worker) way='files' ;;
    esac
}

_attestctl()
{
    local cur=${COMP_WORDS[COMP_CWORD]} way='' options='' word i
    local -a plain=()
    COMPREPLY=()
    # "--name=value" is three words here, "--name value" two.
    for ((i = 1; i < COMP_CWORD; i++)); do
        word=${COMP_WORDS[i]}
        if [[ $word == --* ]]; then
            _attestctl_way "$word"
            [[ ${COMP_WORDS[i + 1]} == = ]] && ((i += 1))
            [[ -n $way || ${COMP_WORDS[i]} == = ]] && ((i += 1))
            while [[ ${COMP_WORDS[i + 1]-} == [:=] ]]; do ((i += 2)); done # "unit:x", "UUID=x"
        elif [[ $word != -* ]]; then
            plain+=("$word")
        fi
    done
    if [[ $cur == = ]]; then
        cur=''
        _attestctl_way "${COMP_WORDS[COMP_CWORD - 1]}"
    elif [[ ${COMP_WORDS[COMP_CWORD - 1]} == = ]]; then
        _attestctl_way "${COMP_WORDS[COMP_CWORD - 2]}"
    elif ((i > COMP_CWORD)); then
        _attestctl_way "${COMP_WORDS[COMP_CWORD - 1]}"
    else
        way=
    fi
    if [[ -n $way ]]; then
        # shellcheck disable=SC2086 # words of ours
        _attestctl_complete $way
        return
    fi
    case "${plain[*]}" in
    'secrets file add'|'secrets file add '*) options='--color= --group= --help --mode= --owner= --path= --root= --version' ;;
    'secrets file clear'|'secrets file clear '*) options='--color= --help --path= --version' ;;
    'secrets file place'|'secrets file place '*) options='--color= --group= --help --mode= --owner= --path= --version' ;;
    'secrets file remove'|'secrets file remove '*) options='--color= --help --root= --version' ;;
    'gate add'|'gate add '*) options='--api-version= --bind= --cap-pcr --client-id= --color= --config= --help --key= --key-url= --kind= --next-release-key= --no-ticket --paravisor= --pcrs= --recovery-key= --resource= --state-directory= --trust= --vault-ca= --verifier= --version --vtpm-ca= --vtpm-root=' ;;
    'gate list'|'gate list '*) options='--color= --config= --help --json --state-directory= --version' ;;
    'gate remove'|'gate remove '*) options='--color= --config= --help --state-directory= --version' ;;
    'gate update'|'gate update '*) options='--color= --config= --help --key= --key-url= --next-release-key= --state-directory= --trust= --version' ;;
    'policy explain'|'policy explain '*) options='--color= --help --json --version' ;;
    'secrets file') options='--color= --group= --help --mode= --owner= --path= --root= --version' ;;
    'secrets list'|'secrets list '*) options='--color= --config= --help --json --version' ;;
    'secrets remove'|'secrets remove '*) options='--color= --config= --force --help --runtime-directory= --version --worker=' ;;
    'secrets show'|'secrets show '*) options='--color= --config= --help --json --reveal --version' ;;
    'verify eventlog'|'verify eventlog '*) options='--at= --color= --help --json --log= --pcrs= --roots= --version' ;;
    'verify hcl'|'verify hcl '*) options='--at= --attest= --cache= --cert= --color= --crl= --fetch --help --json --kds= --kds-ca= --nonce= --pcrs= --quote= --report= --roots= --signature= --timeout= --version --worker=' ;;
    'verify quote'|'verify quote '*) options='--ak= --at= --attest= --color= --help --json --nonce= --pcrs= --roots= --signature= --version' ;;
    'verify snp'|'verify snp '*) options='--at= --cache= --cert= --color= --crl= --fetch --help --json --kds= --kds-ca= --report= --report-data= --roots= --timeout= --version --worker=' ;;
    'verify tdx'|'verify tdx '*) options='--at= --color= --help --json --quote= --roots= --version' ;;
    'verify token'|'verify token '*) options='--at= --color= --help --json --jwks= --roots= --token= --version' ;;
    'volume add'|'volume add '*) options='--color= --device= --fstype= --header= --help --mount= --options= --root= --version' ;;
    'volume check'|'volume check '*) options='--color= --help --json --root= --version' ;;
    'volume header'|'volume header '*) options='--color= --help --out= --root= --version' ;;
    'volume list'|'volume list '*) options='--color= --help --json --root= --version' ;;
    'volume remove'|'volume remove '*) options='--color= --help --root= --version' ;;
    'attest'|'attest '*) options='--color= --help --json --version' ;;
    'baseline'|'baseline '*) options='--at= --color= --help --json --out= --policy= --roots= --version' ;;
    'config'|'config '*) options='--color= --config= --help --json --version' ;;
    'doctor'|'doctor '*) options='--color= --config= --help --json --runtime-directory= --state-directory= --version --worker=' ;;
    'evidence'|'evidence '*) options='--color= --help --nonce= --out= --version' ;;
    'explain'|'explain '*) options='--color= --config= --help --json --out= --runtime-directory= --state-directory= --version' ;;
    'gate') options='--api-version= --bind= --cap-pcr --client-id= --color= --config= --help --json --key= --key-url= --kind= --next-release-key= --no-ticket --paravisor= --pcrs= --recovery-key= --resource= --state-directory= --trust= --vault-ca= --verifier= --version --vtpm-ca= --vtpm-root=' ;;
    'hold'|'hold '*) options='--color= --help --runtime-directory= --version' ;;
    'inspect'|'inspect '*) options='--color= --help --json --version' ;;
    'loss'|'loss '*) options='--color= --help --runtime-directory= --version' ;;
    'policy') options='--color= --help --json --version' ;;
    'recover'|'recover '*) options='--color= --config= --file= --help --key= --out= --version' ;;
    'reload'|'reload '*) options='--color= --help --version' ;;
    'reseal'|'reseal '*) options='--accept-host-tpm --accept-unchecked-vtpm --all --color= --config= --help --json --pcr= --runtime-directory= --state-directory= --version --worker=' ;;
    'seal'|'seal '*) options='--accept-host-tpm --accept-unchecked-vtpm --color= --config= --for= --gate= --help --json --on-change= --on-loss= --rollback-counter --runtime-directory= --state-directory= --version --worker=' ;;
    'secrets') options='--color= --config= --force --group= --help --json --mode= --owner= --path= --reveal --root= --runtime-directory= --version --worker=' ;;
    'status'|'status '*) options='--color= --help --json --version' ;;
    'token'|'token '*) options='--color= --help --out= --version' ;;
    'verify'|'verify '*) options='--ak= --at= --attest= --cache= --cert= --color= --crl= --fetch --help --json --jwks= --kds= --kds-ca= --log= --nonce= --pcrs= --policy= --quote= --report= --report-data= --roots= --signature= --timeout= --token= --version --worker=' ;;
    'version'|'version '*) options='--color= --help --version' ;;
    'volume') options='--color= --device= --fstype= --header= --help --json --mount= --options= --out= --root= --version' ;;
    'wait'|'wait '*) options='--color= --help --timeout= --version' ;;
    '') options='--color= --help --version' ;;
    esac
    if [[ $cur == -* ]]; then
        # shellcheck disable=SC2086
        _attestctl_words $options
        return
    fi
    case "${plain[*]}" in
    '') _attestctl_complete status explain doctor attest wait evidence token verify inspect policy baseline gate seal secrets volume hold loss reseal recover config reload version ;;
    'baseline') _attestctl_complete files ;;
    'explain') _attestctl_complete last ;;
    'gate') _attestctl_complete add list update remove ;;
    'gate add') _attestctl_complete nothing ;;
    'gate remove') _attestctl_complete gates ;;
    'gate update') _attestctl_complete gates ;;
    'inspect') _attestctl_complete files ;;
    'policy') _attestctl_complete explain ;;
    'policy explain') _attestctl_complete files ;;
    'recover') _attestctl_complete secrets ;;
    'reseal'|'reseal '*) _attestctl_complete secrets ;;
    'seal') _attestctl_complete secrets ;;
    'secrets') _attestctl_complete list show remove file ;;
    'secrets file') _attestctl_complete add remove place clear ;;
    'secrets file add') _attestctl_complete secrets ;;
    'secrets file clear') _attestctl_complete secrets ;;
    'secrets file place') _attestctl_complete secrets ;;
    'secrets file remove') _attestctl_complete secrets ;;
    'secrets remove') _attestctl_complete secrets ;;
    'secrets show') _attestctl_complete secrets ;;
    'verify') _attestctl_complete snp quote eventlog hcl tdx token; _attestctl_complete files ;;
    'volume') _attestctl_complete list add remove check header ;;
    'volume add') _attestctl_complete nothing ;;
    'volume check') _attestctl_complete volumes ;;
    'volume header') _attestctl_complete volumes ;;
    'volume remove') _attestctl_complete volumes ;;
    esac
}
complete -F _attestctl attestctl
