# What the proofs are made of: steps, loads with a known shape, and a server that is asked over HTTP. Sourced.
#
# From the kernel's command line: OPTIONS, for the binary (--raw-programs or nothing).

CPUS=$(nproc)
GROUP=/sys/fs/cgroup/outer
SERVER=127.0.0.1:8080
# What connects to it, before an address and a port: as root, or as another user, who needs a line in /etc/passwd.
AS_ROOT=nc
AS_STRANGER="start-stop-daemon -S -q -p /none -c nobody -x $(command -v busybox) -- nc"
PEER=$AS_ROOT

# step NAME: runs the function of that name.
step() {
	if (trap clean_up EXIT && "$1") >/tmp/said 2>&1; then
		echo "step $1 ok"
	else
		sed 's/^/    /' /tmp/said
		echo "step $1 FAILED $(tail -n 1 /tmp/said)"
	fi
}

# The first process of a pid namespace is deaf to all but this signal.
clean_up() {
	kill -9 $STARTED 2>/dev/null
	wait
}

fail() {
	echo "$*"
	exit 1
}

# until_true SECONDS COMMAND…: asks again until it succeeds.
until_true() {
	deadline=$(($(date +%s) + $1))
	shift
	until "$@"; do
		[ $(date +%s) -lt $deadline ] || return 1
		sleep 0.1
	done
}

# A program that never stops computing, under a name of its own. Nice, so that it waits and the binary does not: there
# its start would take seconds, with several hogs for a CPU that is emulated.
cat >/bin/hog <<'END'
#!/bin/sh
renice 19 $$
while :; do :; done
END
chmod +x /bin/hog

# hog [COMMAND…]: starts one, through a command that executes it; its id is in HOG.
hog() {
	# By its path: without a command before it, its name alone would be this function's.
	"$@" /bin/hog &
	HOG=$!
	STARTED="$STARTED $HOG"
}

# Through these a hog shares the first CPU with the others there, and so waits; and it is in a group, or the first process
# of a pid namespace, whose id out here is in /tmp/inside.
pinned="taskset 1"
in_group() {
	group=$1
	shift
	exec sh -c 'echo 0 >"$0/cgroup.procs" && exec "$@"' "$group" $pinned "$@"
}

in_namespace() {
	exec $pinned unshare -p -f sh -c 'read -r id _ </proc/self/stat; echo $id >/tmp/inside; exec "$@"' sh "$@"
}

# More hogs than CPUs, whose ids are in HOGS.
overload() {
	HOGS=
	for _ in $(seq $((CPUS + 2))); do
		hog
		HOGS="$HOGS $HOG"
	done
}

# waited PID: the kernel's own account of its waits, in ms.
waited() {
	read -r _ ns _ <"/proc/$1/schedstat"
	echo $((ns / 1000000))
}

# serve ADDRESS [OPTION…]: starts a server, and returns when it measures.
serve() {
	address=$1
	shift
	runqlat-web $OPTIONS --listen "$address" "$@" >/tmp/server 2>&1 &
	server=$!
	STARTED="$STARTED $server"
	until_true 30 measures || fail "the server does not measure: $(tail -n 3 /tmp/server | tr '\n' ' ')"
}

measures() {
	kill -0 $server || fail "the server has ended: $(tail -n 3 /tmp/server | tr '\n' ' ')"
	request GET /healthz
	[ "$STATUS" = 200 ]
}

# request METHOD PATH [BODY]: asks the server, with TOKEN if it is set; the answer is in /tmp/answer, and its status in STATUS. Not by wget:
# busybox's, static, looks the name of its protocol up through the C library's plug-ins, and crashes without.
request() {
	rm -f /tmp/answered
	{
		printf '%s %s HTTP/1.1\r\nHost: %s\r\nConnection: close\r\n' $1 "$2" $SERVER
		[ -z "$TOKEN" ] || printf 'Authorization: Bearer %s\r\n' "$TOKEN"
		printf 'Content-Type: application/json\r\nContent-Length: %d\r\n\r\n%s' ${#3} "$3"
		# The server takes the end of this for the end of the one who asks, so it comes after the answer.
		until_true 20 test -e /tmp/answered
	} | {
		$PEER 127.0.0.1 8080 >/tmp/answer 2>/dev/null
		touch /tmp/answered
	}
	STATUS=$(sed -n '1s/^HTTP\/1.1 \([0-9]*\) .*/\1/p' /tmp/answer)
}

# get PATH: the answer, whatever its status.
get() {
	request GET "$1"
	cat /tmp/answer
}

# put SCOPE: asks the server to measure something else, as often as it may be asked.
put() {
	request PUT /api/v1/scope "$1"
	while [ "$STATUS" = 429 ]; do
		sleep 1
		request PUT /api/v1/scope "$1"
	done
	cat /tmp/answer
	echo
}

# number NAME: the first number of that name in the JSON of stdin.
number() {
	grep -o "\"$1\":[0-9]*" | head -n 1 | cut -d : -f 2
}

# scope: what the server says that it measures.
scope() {
	get /api/v1/state | grep -o '"scope":{[^}]*}'
}

# comes NUMBER: whether the interval of that number is over.
comes() {
	[ "$(get /api/v1/state | number seq)" -ge $1 ]
}

# has_waits PID: in the newest interval.
has_waits() {
	request GET "/api/v1/histogram?key=$1"
	[ "$STATUS" = 200 ] && [ "$(number waits </tmp/answer)" -gt 0 ]
}

# measures_only PID OTHER: whether the one's waits are counted, and the other's, which waits on the same CPU, not.
measures_only() {
	until_true 20 has_waits $1 || fail "no waits of $1, which waits"
	! has_waits $2 || fail "waits of $2, which is outside"
}

# watch: a viewer over the WebSocket, which only listens; what it gets is in /tmp/viewer. Its line stays open with this
# shell.
watch() {
	mkfifo /tmp/line
	nc 127.0.0.1 8080 </tmp/line >/tmp/viewer 2>/dev/null &
	STARTED="$STARTED $!"
	exec 9>/tmp/line
	printf 'GET /ws HTTP/1.1\r\nHost: %s\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n' $SERVER >&9
	printf 'Sec-WebSocket-Version: 13\r\nSec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n\r\n' >&9
}

# sees NUMBER: whether the viewer has got the interval of that number.
sees() {
	grep -aq "\"interval\":{\"column\":{\"seq\":$1," /tmp/viewer
}
