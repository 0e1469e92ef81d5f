# Proves the binary from inside a guest, step by step; busybox is all there is. A step is a function in a shell of its
# own. It says `fail` at the first thing that is wrong, and what it started ends with it. The host knows which steps
# there are, and misses those that it does not hear of.

. /tools.sh
. /clock.sh

# has_header WHAT: whether the printed histograms have one of that.
has_header() {
	grep -q "^$1" /tmp/printed || fail "no histogram of $1, but of $(grep ' = ' /tmp/printed | tr '\n' ',')"
}

# Every kind of key has programs of its own, and this kernel takes the typed ones of each.
check() {
	runqlat-web check >/tmp/checked || fail "check failed with status $?"
	cat /tmp/checked
	for key in global process thread pidns cgroup; do
		grep -q "^by $key  *yes, typed" /tmp/checked || fail "no typed programs by $key: check says otherwise"
	done
}

print() {
	overload
	runqlat-web print $OPTIONS 1 3 >/tmp/printed || fail "print failed with status $?"
	cat /tmp/printed
	# Hogs wait for milliseconds, and what an idle machine does waits for less.
	awk '
		/ : count / { tables++ }
		$2 == "->" && $1 >= 1024 { long[tables] += $5 }
		END { for (n = 1; n <= 3; n++) if (long[n] < 20) exit 1; exit tables != 3 }
	' /tmp/printed || fail "not three histograms of an overload"
}

# What all hogs wait from their first moment until they are stopped is what the kernel's own account of them says.
sum() {
	serve $SERVER
	programs=$(get /api/v1/state | grep -o '"programs":"[a-z]*"' | cut -d '"' -f 4)
	echo "programs $programs" >>/tmp/facts
	case $OPTIONS in
	*raw*) wanted=raw ;;
	*) wanted=typed ;;
	esac
	[ "$programs" = $wanted ] || fail "$wanted programs were to be loaded, and $programs were"
	overload
	sleep 3
	agrees
	printf 'sum %d.%02d\n' $((percent / 100)) $((percent % 100)) >>/tmp/facts
}

# Stops the HOGS, and compares what they waited with the kernel's own account of them; the part is in percent.
agrees() {
	kill -STOP $HOGS
	seq=$(get /api/v1/state | number seq)
	until_true 20 comes $((seq + 2)) || fail "no interval since"
	hogs=0
	account=0
	for pid in $HOGS; do
		sum=$(get "/api/v1/histogram?intervals=1000&key=$pid" | number sum_ns)
		echo "hog $pid: $sum ns, and its schedstat: $(cat /proc/$pid/schedstat)"
		hogs=$((hogs + sum))
		account=$((account + $(waited $pid)))
	done
	all=$(get '/api/v1/histogram?intervals=1000' | number sum_ns)
	echo "all tasks: $all ns"
	[ $account -gt 2000 ] || fail "the hogs waited $account ms: this proves nothing"
	percent=$((hogs / 10000 / account))
	[ $percent -ge 95 ] && [ $percent -le 105 ] || fail "waits are $percent % of the kernel's account"
	[ $all -ge $hogs ] || fail "all tasks waited $all ns, and the hogs among them $hogs"
}

# A CPU that is offline at the start is measured when it comes. When it goes, with those that wait there, and comes
# again, nothing is lost; and what is measured can be changed while it is away.
offline() {
	last=/sys/devices/system/cpu/cpu$((CPUS - 1))/online
	echo 0 >$last || fail "no CPU can be taken offline"
	serve $SERVER
	echo 1 >$last || fail "it does not come again"
	overload
	# For these are alone with each other on the CPU that came.
	for _ in 1 2; do
		hog taskset $((1 << (CPUS - 1)))
		HOGS="$HOGS $HOG"
	done
	until_true 20 has_waits $HOG || fail "no waits of $HOG, on a CPU that came later"
	echo 0 >$last
	sleep 1
	echo 1 >$last
	sleep 1
	echo 0 >$last
	agrees
	kill -CONT $HOGS
	change '{"key":"thread","interval_ms":500}'
	until_true 20 has_waits $HOG || fail "no waits of $HOG, with other programs that were loaded while a CPU was offline"
	echo 1 >$last
	seq=$(get /api/v1/state | number seq)
	until_true 20 comes $((seq + 2)) || fail "no interval since"
	lost=$(get /api/v1/state | grep -o '"losses":{[^}]*' | total)
	waits=$(get '/api/v1/histogram?intervals=1000' | number waits)
	[ $((lost * 20)) -lt $waits ] || fail "$lost waits were lost, of $waits"
}

# Tasks that sleep wait from their wakeup on. One that was not understood is a loss where it ends.
wakeups() {
	serve $SERVER
	for _ in 1 2; do
		sh -c 'while :; do usleep 1000; done' &
		STARTED="$STARTED $!"
	done
	sleep 3.5
	get '/api/v1/histogram?intervals=2' | tail -n 1 | tee /tmp/histogram
	get /api/v1/state | tail -n 1 | tee /tmp/state
	echo
	woken=$(grep -o '"woken":{"counts":\[[0-9,]*' /tmp/histogram | total)
	lost=$(grep -o '"losses":{[^}]*' /tmp/state | total)
	# It is hundreds, even if the host hardly runs the guest; and none is lost but those that began before the start.
	[ $woken -gt 50 ] || fail "$woken wakeups of tasks that do little else"
	[ $((lost * 20)) -lt $woken ] || fail "$lost waits were lost, of $woken"
}

# total: the sum of all numbers of stdin.
total() {
	grep -o '[0-9]*' | awk '{ sum += $1 } END { print sum + 0 }'
}

process() {
	overload
	runqlat-web print $OPTIONS -P 1 2 >/tmp/printed || fail "print failed with status $?"
	for pid in $HOGS; do
		has_header "pid = $pid hog\$"
	done
}

# counted_by HEADER OPTION…: whether counting by something else finds a hog there.
counted_by() {
	header=$1
	shift
	runqlat-web print $OPTIONS "$@" 1 1 >/tmp/printed || fail "print failed with status $?"
	has_header "$header"
}

keys() {
	hog in_group $GROUP
	hog in_namespace
	until_true 10 test -s /tmp/inside || fail "no hog in a namespace"
	read -r inside </tmp/inside
	STARTED="$STARTED $inside"
	namespace=$(readlink /proc/$inside/ns/pid | grep -o '[0-9]*')
	[ "$namespace" != "$(readlink /proc/self/ns/pid | grep -o '[0-9]*')" ] || fail "the namespace is not its own"
	counted_by "tid = $inside hog\$" -L
	counted_by "pidns = $namespace " --pidnss
	counted_by "cgroup = $(stat -c %i $GROUP) /outer\$" --by cgroup
}

cgroup() {
	hog $pinned
	outside=$HOG
	hog in_group $GROUP
	before=$HOG
	runqlat-web print $OPTIONS -P -c $GROUP 1 5 >/tmp/printed &
	printer=$!
	STARTED="$STARTED $printer"
	# Its first histogram proves that it has started.
	until_true 30 grep -q "^pid = $before hog\$" /tmp/printed || fail "no histogram of the group's hog $before"
	mkdir $GROUP/later
	hog in_group $GROUP/later
	after=$HOG
	wait $printer || fail "print failed with status $?"
	has_header "pid = $after hog\$"
	! grep -q "^pid = $outside " /tmp/printed || fail "a histogram of the hog $outside, which is outside"
	[ "$(waited $outside)" -gt 500 ] || fail "the hog outside waited $(waited $outside) ms: this proves nothing"
}

# A running server measures a group, then a process outside of it, and goes on with that when asked for the impossible.
retarget() {
	hog $pinned
	outside=$HOG
	hog in_group $GROUP
	inside=$HOG
	serve $SERVER -P --interval 500ms
	until_true 20 has_waits $inside || fail "no waits of $inside, which waits"
	until_true 20 has_waits $outside || fail "no waits of $outside, which waits"

	change '{"key":"process","interval_ms":500,"cgroup":"/outer"}'
	scope | grep '"cgroup":"/outer"' || fail "the state does not name the group"
	measures_only $inside $outside

	change "{\"key\":\"process\",\"interval_ms\":500,\"tgid\":$outside}"
	scope | grep "\"tgid\":$outside," || fail "the state does not name the process"
	measures_only $outside $inside

	goes_on=$(scope)
	# The largest id is 32767 on a machine this small.
	put '{"key":"process","tgid":4000000}'
	case $STATUS in
	4??) grep -q '"error":".' /tmp/answer || fail "no reason in $(tail -n 1 /tmp/answer)" ;;
	*) fail "asked for a process that does not exist, and got $STATUS" ;;
	esac
	[ "$(scope)" = "$goes_on" ] || fail "the scope was $goes_on and is $(scope)"
	seq=$(get /api/v1/state | number seq)
	until_true 20 comes $((seq + 2)) || fail "no interval since"
	measures_only $outside $inside
}

# Each thread has given up what it does not need, of which every kernel has all but landlock.
rights() {
	serve $SERVER
	get /api/v1/state | grep -o '"confinement":.*' | tee /tmp/confinement
	landlock=$(number landlock </tmp/confinement)
	echo "landlock ${landlock:-none}" >>/tmp/facts
	grep -q '"problems":\[\]' /tmp/confinement || fail "not all was given up: $(cat /tmp/confinement)"
	for status in /proc/$server/task/*/status; do
		for line in 'Uid: 65534' 'CapPrm: 000000c000000000' 'CapBnd: 0000000000000000' 'NoNewPrivs: 1' 'Seccomp: 2'; do
			tr '\t' ' ' <$status | grep -q "^$line" || fail "no line $line in $status: $(grep "^${line%% *}" $status)"
		done
	done
}

# Another user of the host gets nothing, nor does one who hangs up, whose connections the kernel shows as root's.
users() {
	mkdir -p /etc
	grep -qs '^nobody:' /etc/passwd || echo 'nobody:x:65534:65534:nobody:/:/bin/false' >>/etc/passwd
	serve $SERVER
	request GET /api/v1/state
	[ "$STATUS" = 200 ] || fail "root asks, and gets $STATUS"
	PEER=$AS_STRANGER
	for asked in "GET /api/v1/state" "PUT /api/v1/scope"; do
		request $asked '{"key":"thread"}'
		[ "$STATUS" = 401 ] || fail "a stranger asks to $asked, and gets $STATUS"
	done
	kill -STOP $server
	hung_up=
	for turn in 1 2 3 4 5 6; do
		{
			printf 'PUT /api/v1/scope HTTP/1.1\r\nHost: localhost\r\nContent-Length: 16\r\n\r\n{"key":"thread"}'
			until_true 20 test -e /tmp/hung_up
		} | $AS_STRANGER 127.0.0.1 8080 >/dev/null 2>&1 &
		hung_up="$hung_up $!"
	done
	until_true 10 wait_for_all 6 || fail "they do not connect: $(cat /proc/net/tcp)"
	kill -9 $hung_up
	touch /tmp/hung_up
	kill -CONT $server
	PEER=$AS_ROOT
	sleep 2
	scope | grep -q '"key":"process"' || fail "a stranger who hangs up has changed the scope to $(scope)"
}

# wait_for_all NUMBER: whether so many connections to the server have sent what they had to say: 0x1F90 is its port, and
# each has 83 bytes to be read.
wait_for_all() {
	[ "$(grep -c ':1F90 0100007F:[0-9A-F]* 01 00000000:00000053' /proc/net/tcp)" = $1 ]
}

# A pid namespace that has ended leaves the kernel's table.
gone() {
	serve $SERVER --pidnss --interval 500ms
	hog $pinned
	rm -f /tmp/inside
	hog in_namespace
	until_true 10 test -s /tmp/inside || fail "no hog in a namespace"
	read -r inside </tmp/inside
	STARTED="$STARTED $inside"
	namespace=$(readlink /proc/$inside/ns/pid | grep -o '[0-9]*')
	until_true 20 has_waits $namespace || fail "no waits in $namespace"
	# Long enough for it to be asked after a few times.
	sleep 3
	has_keys 2 || fail "not two namespaces: $(get /api/v1/state)"
	kill -9 $inside
	until_true 20 has_keys 1 || fail "the namespace $namespace is gone, and still in the table: $(get /api/v1/state)"
}

# has_keys NUMBER: whether the kernel's table has so many.
has_keys() {
	[ "$(get /api/v1/state | number keys)" = $1 ]
}

# change SCOPE: has the server measure that, and returns when two intervals of it are over.
change() {
	put "$1"
	[ "$STATUS" = 200 ] || fail "asked for $1, and got $STATUS"
	from=$(number from_seq </tmp/answer)
	until_true 20 comes $((from + 1)) || fail "no interval since the change"
}

# The host loads the page and says how that went.
page() {
	(
		trap clean_up EXIT
		overload
		umask 077
		echo for-this-proof-and-nobody-else >/tmp/view
		echo for-nobody-at-all-in-this-proof >/tmp/control
		serve 0.0.0.0:8080 --view-token-file /tmp/view --control-token-file /tmp/control --interval 500ms >/tmp/said 2>&1
		echo page
		read -r _
	) || echo "step page FAILED $(tail -n 1 /tmp/said)"
}

console() {
	! dmesg | grep -E 'WARNING:|BUG:|scheduling while atomic|sleeping function called|Oops|general protection|Call Trace' || fail "the kernel complains"
}

echo "fact release $(uname -r)"
echo "fact version $(sed 's/.*Debian \([^ ]*\).*/\1/' /proc/version)"
mkdir $GROUP
# What the kernel said while it started is no news.
dmesg -c >/dev/null
step check
step print
step sum
step wakeups
sed 's/^/fact /' /tmp/facts
step process
step keys
step cgroup
step retarget
step rights
sed 's/^/fact /' /tmp/facts
step users
step gone
step offline
step stepped
step asleep
page
step console
echo end
