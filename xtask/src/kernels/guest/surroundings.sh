# Proves from inside a guest what the program says where something stands in its way; see prove.sh for how steps work.
#
# From the kernel's command line: STEPS, with commas between.

. /tools.sh

# refused STATUS TEXT COMMAND…: that it ends so, and says that.
refused() {
	wanted=$1
	text=$2
	shift 2
	runqlat-web "$@" >/tmp/out 2>&1
	status=$?
	cat /tmp/out
	[ $status = $wanted ] || fail "runqlat-web $*: status $status: $(tail -n 2 /tmp/out | tr '\n' ' ')"
	grep -qF "$text" /tmp/out || fail "runqlat-web $* says nothing of \"$text\": $(tail -n 2 /tmp/out | tr '\n' ' ')"
}

# All but the whole system wants names.
confidentiality() {
	for mounted in no yes; do
		[ $mounted = no ] || mount -t securityfs none /sys/kernel/security || fail "no securityfs"
		runqlat-web check >/tmp/checked 2>&1
		for command in check "--listen 127.0.0.1:0" "print -P 1 1"; do
			refused 4 "locked down (confidentiality)" $command
			! grep -E '5\.10|BTF=y' /tmp/out || fail "$command: a hint about something else"
			grep -q lockdown=integrity /tmp/out || fail "$command: no hint"
		done
		grep -q "^by global  *yes, typed" /tmp/checked || fail "check says not that the whole system can be measured"
		runqlat-web print 1 1 || fail "the whole system can't be measured: status $?"
	done
}

integrity() {
	mount -t securityfs none /sys/kernel/security
	grep -qF '[integrity]' /sys/kernel/security/lockdown || fail "no lockdown: $(cat /sys/kernel/security/lockdown)"
	runqlat-web check || fail "check failed with status $?"
}

# in_limit BYTES COMMAND…: becomes that, in a group that may use so much.
in_limit() {
	echo $1 >$GROUP/memory.max || fail "no limit of memory"
	shift
	(echo 0 >$GROUP/cgroup.procs && exec "$@")
}

# What it needs is named, and with that much it starts.
memory() {
	echo +memory >/sys/fs/cgroup/cgroup.subtree_control || fail "no controller of memory"
	for limit in 8000000 16000000 20000000; do
		in_limit $limit runqlat-web --listen 127.0.0.1:0 >/tmp/out 2>&1
		status=$?
		cat /tmp/out
		[ $status = 1 ] || fail "status $status with $limit bytes"
		grep -q 'limit of cgroup /outer is' /tmp/out || fail "no word of the limit: $(head -n 1 /tmp/out)"
	done
	needed=$(sed -n 's/.*: \([0-9]*\)\.[0-9]* MB of memory are needed.*/\1/p' /tmp/out)
	[ "$needed" -le 40 ] || fail "$needed MB are needed, and 40 are promised"
	echo "fact needed $needed MB" >>/tmp/facts
	echo $(((needed + 1) * 1000000)) >$GROUP/memory.max
	# Itself, so that it can be ended by its id.
	(echo 0 >$GROUP/cgroup.procs && exec runqlat-web --listen $SERVER >/tmp/server 2>&1) &
	server=$!
	STARTED=$server
	until_true 30 measures || fail "with what it needs it does not measure"
	put '{"key":"thread"}'
	[ "$STATUS" = 200 ] || fail "with what it needs the scope can't be changed: $(tail -n 1 /tmp/answer)"
	kill $server
	wait $server
}

# Memory follows the CPUs that there may ever be, within bounds.
many() {
	possible=$(cat /sys/devices/system/cpu/possible)
	[ $possible = 0-239 ] || fail "possible CPUs are $possible"
	runqlat-web check >/tmp/out || fail "check failed with status $?"
	cat /tmp/out
	memory=$(sed -n 's/^by process  *\([0-9]*\)\.[0-9] MB .*/\1/p' /tmp/out)
	echo "fact memory $(grep '^by process .* MB' /tmp/out)" >>/tmp/facts
	serve $SERVER -v
	overload
	seq=$(get /api/v1/state | number seq)
	until_true 30 comes $((seq + 5)) || fail "no interval"
	# Emulated; a machine of its own is ten times as fast.
	times=$(sed -n 's/.*reading: [0-9]* keys in \([0-9]*\) .*/\1/p' /tmp/server | sort -n | tr '\n' ' ')
	echo "fact reading in µs: $times" >>/tmp/facts
	[ "$memory" -lt 16 ] || fail "by process $memory MB, and 16 are promised"
}

# Tids above the limit that there was when the server started.
ids() {
	echo 32768 >/proc/sys/kernel/pid_max || fail "pid_max can't be lowered"
	serve $SERVER
	echo 4194304 >/proc/sys/kernel/pid_max || fail "pid_max can't be raised"
	echo 2500000 >/proc/sys/kernel/ns_last_pid || fail "no id can be chosen"
	overload
	[ $HOG -gt 2500000 ] || fail "ids go on at $HOG"
	until_true 30 has_waits $HOG || fail "no waits of $HOG: $(get /api/v1/state)"
	[ "$(get /api/v1/state | number collisions)" = 0 ] || fail "$(get /api/v1/state)"
}

# Sixty thousand threads that start after the server: each has a key of its own, since the table grows before it is full.
crowd() {
	echo 4194304 >/proc/sys/kernel/pid_max || fail "no more ids"
	echo 200000 >/proc/sys/kernel/threads-max || fail "no more threads"
	echo 200000 >/proc/sys/vm/max_map_count || fail "no more stacks"
	serve $SERVER --by thread --max-keys 131072
	mkfifo /tmp/hold
	threads 60000 1000 3 </tmp/hold >/tmp/threads 2>&1 &
	STARTED="$STARTED $!"
	exec 8>/tmp/hold
	until_true 200 grep -q . /tmp/threads || fail "they do not all start: $(get /api/v1/state)"
	grep -q '^60000 threads in ' /tmp/threads || fail "$(cat /tmp/threads)"
	seq=$(get /api/v1/state | number seq)
	until_true 60 comes $((seq + 2)) || fail "no interval since"
	get /api/v1/state | tail -n 1 | tee /tmp/state
	echo "fact threads $(cat /tmp/threads), $(number keys </tmp/state) keys, rss $(number self_rss_kb </tmp/state) kB" >>/tmp/facts
	[ "$(number keys </tmp/state)" -ge 60000 ] || fail "$(number keys </tmp/state) keys"
	[ "$(number other </tmp/state)" = 0 ] || fail "$(number other </tmp/state) waits found no room"
}

echo "fact release $(uname -r)"
mkdir $GROUP
for name in $(echo $STEPS | tr , ' '); do
	step $name
done
cat /tmp/facts 2>/dev/null
echo end
