#!/usr/bin/env bash
# Records the conversations of this folder anew: README.md says what they are.
# usage: record.sh WIGWAG FOLDER   (the program; the folder for the files; as root)
set -eu
wigwag=$(realpath "$1")
here=$(realpath "$(dirname "$0")")
corpus=$(realpath "$here/../../../harness/corpus")
mkdir -p "$2" && cd "$2"
rm -rf trial ./*.keys ./*.wgcap && "$wigwag" pki new trial 2>trial.log

# with NAME PORT [tshark's options]: records the server's port while the function NAME runs.
with() {
    local name=$1 port=$2
    shift 2
    tshark -q -i lo -f "tcp port $port" -w "$name.pcapng" "$@" 2>"$name.log" &
    local recorder=$!
    sleep 3
    "$name" "$port"
    sleep 1
    kill -INT "$recorder" && wait "$recorder"
}

# serve NAME ...: a server, which writes down what it says and hears.
serve() {
    "$wigwag" serve "${@:2}" --capture "$1.wgcap" --json </dev/null >"$1.events" &
    server=$!
    sleep 1
}

stop() {
    kill -INT "$server" && wait "$server"
}

device() {
    timeout 60 "$wigwag" device ngtt --connect "127.0.0.1:$1" --server-name localhost \
        --ca trial/server-ca.pem --cert trial/device-0001.pem --key trial/device-0001.key \
        --net host --json "${@:2}" >device.events
}

# client PORT SUITE: another TLS library, with a suite of its choice. It pings, asks
# for the orders, changes its keys and the server's, and pings again.
client() {
    {
        sleep 0.5
        printf '\0\0\0\0\0\7\0\0'
        sleep 0.3
        printf '\0\0\0\0\0\11\0\12'
        sleep 0.3
        printf 'K\n'
        sleep 0.3
        printf '\0\0\0\0\0\13\0\0'
        sleep 0.5
    } | timeout 20 openssl s_client -connect "127.0.0.1:$1" -ciphersuites "$2" -tls1_3 \
        -CAfile trial/server-ca.pem -cert trial/device-0001.pem -key trial/device-0001.key \
        >/dev/null 2>client.log || true
}

ngtt_tls() {
    serve ngtt_tls ngtt --listen "127.0.0.1:$1" --pki trial --orders "$corpus/orders.json" --repeat 3 --key-log ngtt_tls.keys
    device "$1" --data "$corpus/pathpoints_small.json" --logs "$corpus/logs.json" --max-orders 3
    device "$1" --baobs "$corpus/baobs.json" --reply reject --duration 2
    stop
}

suites_tls() {
    serve suites_tls ngtt --listen "127.0.0.1:$1" --pki trial --orders "$corpus/orders.json" --key-log suites_tls.keys
    client "$1" TLS_AES_256_GCM_SHA384
    client "$1" TLS_CHACHA20_POLY1305_SHA256
    stop
}

ncp_plain() {
    serve ncp_plain ncp --listen "127.0.0.1:$1"
    timeout 60 "$wigwag" device ncp --connect "127.0.0.1:$1" --net host --json \
        --send DSPC TIME SAMP=1024 FCTR=915 >device.events
    timeout 60 "$wigwag" device ncp --connect "127.0.0.1:$1" --net host --json --send DSPC STAT >device.events
    stop
}

ncp_tls() {
    serve ncp_tls ncp --listen "127.0.0.1:$1" --tls --pki trial --user operator --password secret --key-log ncp_tls.keys
    timeout 60 "$wigwag" device ncp --connect "127.0.0.1:$1" --tls --server-name localhost \
        --ca trial/server-ca.pem --user operator --password secret --net host --json \
        --send DSPC STAT --send DSPC TIME SAMP=256 FCTR=915 >device.events
    stop
}

with ngtt_tls 24051
with suites_tls 24052
with ncp_plain 24053 -F pcap
with ncp_tls 24054

# streams FILE PORT tls|tcp [tshark's options]: what tshark sees of each connection and
# direction, a line each: connection, direction, number of bytes, their SHA-256.
streams() {
    local file=$1 port=$2 kind=$3 stream=0
    shift 3
    while tshark -r "$file" "$@" -q -z "follow,$kind,raw,$stream" 2>/dev/null >follow.log &&
        grep -q "^Node 0: .*:[1-9]" follow.log; do
        awk -v stream="$stream" -v port="$port" '
            /^Node 0:/ { server = $0 ~ ":" port "$" }
            /^\t?[0-9a-f]+$/ {
                first = sub(/^\t/, "") == 0
                bytes[first == server ? "to_device" : "to_server"] = bytes[first == server ? "to_device" : "to_server"] $0
            }
            END { for (way in bytes) print stream, way, toupper(bytes[way]) }' follow.log |
            sort | while read -r connection way hex; do
            sum=$(printf %s "$hex" | basenc --base16 -d | sha256sum)
            echo "$connection $way $((${#hex} / 2)) ${sum%% *}"
        done
        stream=$((stream + 1))
    done >"${file%.*}.streams"
}

mv ncp_plain.pcapng ncp_plain.pcap
streams ngtt_tls.pcapng 24051 tls -o tls.keylog_file:ngtt_tls.keys
streams suites_tls.pcapng 24052 tls -o tls.keylog_file:suites_tls.keys
streams ncp_plain.pcap 24053 tcp
streams ncp_tls.pcapng 24054 tls -o tls.keylog_file:ncp_tls.keys

# The secrets within the file; packets of which only the begin was kept; packets that
# come late, twice, and not at all.
editcap --inject-secrets tls,suites_tls.keys suites_tls.pcapng suites_tls_secrets.pcapng
editcap -s 200 ncp_plain.pcap ncp_plain_cut.pcapng
editcap -F pcap suites_tls.pcapng good.pcap
"$here/disorder.py" swap good.pcap suites_tls_swapped.pcap
"$here/disorder.py" lose good.pcap suites_tls_lost.pcap
rm -rf trial good.pcap ./*.log ./*.events
chmod 644 ./*
