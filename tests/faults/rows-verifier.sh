# SPDX-License-Identifier: Apache-2.0
# shellcheck shell=bash
# Rows: the verifier.
group verifier "The verifier"
# A gate that stays shut under a verdict is tried again with the next round: soon, here.
before_verifier() { WORLD_VERIFIER_LINES=TimeoutSec=2 FAULTS_SCHEDULE=${FAULTS_SCHEDULE/10min/4s}; }
ground_verifier() {
    CA=$W/verifier/tls/ca
    # Made the day before yesterday, for a day.
    echo -172800 >"$W/step"
    openssl req -new -newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes -keyout "$W/expired.key" -subj "/CN=expired" 2>/dev/null |
        LD_PRELOAD=$CLOCK_STEP SHIFT_CLOCK=$W/step openssl x509 -req -CA "$CA.pem" -CAkey "$CA.key" -days 1 -out "$W/expired.pem" \
            -extfile <(echo subjectAltName=IP:127.0.0.1) 2>/dev/null || fail "no certificate"
    cp -a "$W/verifier/tls" "$W/tls.good"
    cp -a "$W/verifier/keys" "$W/keys.good"
    "$VERIFIER" init "$W/stranger" >/dev/null
}
verifier_anew() { # as its files are now
    world_verifier_stop
    world_verifier_start
}

row verifier-down "is down" verifier-unreachable
verifier-down() {
    case $1 in
    begin) world_verifier_stop ;;
    end) world_verifier_start ;;
    esac
}

row verifier-stopped "accepts connections and says nothing" "verifier-unreachable verifier-timeout"
verifier-stopped() {
    local pid
    for pid in $(lab_pid verifier) $(pgrep -P "$(lab_pid verifier)"); do
        case $1 in
        begin) kill -STOP "$pid" ;;
        end) kill -CONT "$pid" ;;
        esac
    done
}

row verifier-certificate-expired "its TLS certificate has expired" verifier-tls-expired
verifier-certificate-expired() {
    case $1 in
    begin)
        cp "$W/expired.pem" "$W/verifier/tls/server.pem"
        cp "$W/expired.key" "$W/verifier/tls/server.key"
        # Its own health check would not believe it either.
        world_verifier_stop
        lab_start verifier "$VERIFIER" serve "$W/verifier" --listen "127.0.0.1:$PORT"
        lab_wait_for 20 curl -ksf -o /dev/null "https://127.0.0.1:$PORT/health" || fail "the verifier does not start"
        ;;
    end)
        cp -p "$W/tls.good"/server.* "$W/verifier/tls/"
        verifier_anew
        ;;
    esac
}

row verifier-token-key "signs tokens with a key that the machine was not told of" token-key-unknown
verifier-token-key() {
    case $1 in
    begin) cp -p "$W/stranger/keys"/token* "$W/verifier/keys/" ;;
    end) cp -p "$W/keys.good"/token* "$W/verifier/keys/" ;;
    esac
    verifier_anew
}

row verifier-release-key "signs approvals with a key that the machine was not told of" tpm-approval-refused trusted
verifier-release-key() {
    case $1 in
    begin) cp -p "$W/stranger/keys"/release* "$W/verifier/keys/" ;;
    end) cp -p "$W/keys.good"/release* "$W/verifier/keys/" ;;
    esac
    verifier_anew
}

row verifier-killed "is killed, all its processes, while it judges" "verifier-reply-truncated verifier-unreachable"
verifier-killed() {
    local pid
    case $1 in
    begin)
        # Held at the door, so that the round is under way when they die; then nobody is there.
        for pid in $(lab_pid verifier) $(pgrep -P "$(lab_pid verifier)"); do kill -STOP "$pid"; done
        world_rested
        kill -HUP "$(lab_pid attestd)"
        ctl attest >/dev/null 2>&1 &
        lab_wait_for 20 world_state_is RENEWING PROVING || fail "no round"
        for pid in $(pgrep -P "$(lab_pid verifier)") $(lab_pid verifier); do kill -KILL "$pid"; done
        wait $!
        lab_stop verifier
        ;;
    end) world_verifier_start ;;
    esac
}

group answers "What answers in its place"
ground_answers() {
    echo "/none nothing" >"$W/defect"
    world_relay broken broken-verifier --defect "$W/defect" --asked "$W/asked-of-it"
    # shellcheck disable=SC2034
    WORLD_VERIFIER_LINES=TimeoutSec=2
    world_config "https://127.0.0.1:$RELAY_PORT"
}
defect() { # PATH DEFECT begin|end
    [ "$3" = begin ] || set -- /none nothing
    echo "$1 $2" >"$W/defect.new"
    mv "$W/defect.new" "$W/defect"
}

row answers-slowly "one byte now and then" verifier-timeout
answers-slowly() { defect /attest slow "$1"; }
row answers-500 "status 500" verifier-internal-error
answers-500() { defect /attest status-500 "$1"; }
row answers-503 "status 503" verifier-busy
answers-503() { defect /challenge status-503 "$1"; }
row answers-429 "status 429 with Retry-After: 4" verifier-busy
answers-429() { defect /challenge busy-4 "$1"; }
row answers-html "a proxy's page, status 200" verifier-reply-malformed
answers-html() { defect /challenge html-200 "$1"; }
row answers-403 "a proxy's page, status 403" verifier-proxy-refused
answers-403() { defect /attest html-403 "$1"; }
row answers-garbage "bytes that are no HTTP" verifier-reply-malformed
answers-garbage() { defect /attest garbage "$1"; }
row answers-cut "half an answer" verifier-reply-truncated
answers-cut() { defect /attest closed-midway "$1"; }
row answers-endless "an answer without an end" verifier-reply-too-large
answers-endless() { defect /attest chunks-without-end "$1"; }
