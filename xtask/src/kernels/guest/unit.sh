# Proves the unit from inside a guest that systemd has started; see prove.sh for how steps work.

exec </dev/ttyS1 >/dev/ttyS1 2>&1
stty raw -echo
export SYSTEMD_PAGER= SYSTEMD_COLORS=0 LC_ALL=C
. /tools.sh

UNIT=runqlat-web
DROP=/run/systemd/system/$UNIT.service.d

# is PROPERTY VALUE: whether the unit has it, or fails.
is() {
	found=$(systemctl show -P $1 $UNIT)
	[ "$found" = "$2" ] || fail "$1 is $found and not $2: $(systemctl status $UNIT | tr '\n' ' ')"
}

serves() {
	request GET /healthz
	[ "$STATUS" = 200 ]
}

# A start that succeeds is one after which it serves, at once.
starts() {
	systemctl start $UNIT || fail "it does not start: $(journalctl -u $UNIT -n 5 -o cat | tr '\n' ' ')"
	serves || fail "it is started, and does not serve"
	get /api/v1/state
	for held in '"capabilities":["CAP_BPF","CAP_PERFMON"]' '"no_new_privs":true' '"seccomp":true' '"problems":[]'; do
		grep -qF "$held" /tmp/answer || fail "not so: $held"
	done
	grep -q '"landlock":[0-9]' /tmp/answer || fail "no landlock"
	# More filters of system calls than its own: those that the unit asks for.
	filters=$(sed -n 's/^Seccomp_filters:\t//p' /proc/$(systemctl show -P MainPID $UNIT)/status)
	[ "$filters" -gt 5 ] || fail "only $filters filters of system calls"
	! grep -q '"uid":0,' /tmp/answer || fail "it is root"
}

# What a flood of viewers may take of the host.
limited() {
	is MemoryMax 268435456
	is TasksMax 64
	is CPUQuotaPerSecUSec 1s
	group=/sys/fs/cgroup$(systemctl show -P ControlGroup $UNIT)
	[ "$(cat $group/memory.max)" = 268435456 ] || fail "memory.max is $(cat $group/memory.max)"
	[ "$(cat $group/pids.max)" = 64 ] || fail "pids.max is $(cat $group/pids.max)"
	[ "$(cat $group/cpu.max)" = "100000 100000" ] || fail "cpu.max is $(cat $group/cpu.max)"
	[ "$(cat $group/pids.current)" -lt 24 ] || fail "it has $(cat $group/pids.current) tasks"
}

has_waited() {
	[ "$(get '/api/v1/histogram?intervals=9' | number sum_ns)" -gt 500000000 ]
}

measures() {
	overload
	until_true 20 has_waited || fail "it counts no waits of an overload"
}

# measures_from INTERVAL: what is asked for is measured, and something waited in it.
measures_from() {
	[ "$STATUS" = 200 ] || fail "it is not changed: $(cat /tmp/answer)"
	until_true 20 has_waited || fail "no waits of $(scope)"
}

retarget() {
	overload
	put "{\"key\": \"thread\", \"tgid\": $HOG}"
	measures_from
	mkdir -p $GROUP
	for pid in $HOGS; do echo $pid >$GROUP/cgroup.procs; done
	put '{"key": "process", "cgroup": "/outer"}'
	measures_from
	for pid in $HOGS; do echo $pid >/sys/fs/cgroup/cgroup.procs; done
}

restarts() {
	before=$(systemctl show -P MainPID $UNIT)
	systemctl restart $UNIT || fail "it does not restart"
	serves || fail "it is restarted, and does not serve"
	[ "$(systemctl show -P MainPID $UNIT)" != "$before" ] || fail "it is the same process"
	is Result success
	systemctl stop $UNIT || fail "it does not stop"
	is Result success
	is ActiveState inactive
	! serves || fail "it is stopped, and serves"
}

# Nothing but what it says and what systemd does with it.
journal() {
	journalctl -u $UNIT -o cat
	journalctl -u $UNIT -o cat | grep -q "^listening on http://localhost:8080" || fail "it says nothing"
	journalctl -u $UNIT -o cat -p warning >/tmp/warnings
	[ ! -s /tmp/warnings ] || fail "$(tr '\n' ' ' </tmp/warnings)"
	! journalctl -u $UNIT -o cat | grep -iE 'warning|error|denied|refused' || fail "it complains"
}

# may_control TOKEN: what somebody with it may.
may_control() {
	TOKEN=$1
	get /api/v1/state | grep -o '"may_control":[a-z]*' | cut -d : -f 2
}

tokens() {
	control=control-horse-battery-staple
	view=view-horse-battery-staple-x
	mkdir -p /etc/$UNIT $DROP
	(umask 077; echo $control >/etc/$UNIT/control-token; echo $view >/etc/$UNIT/view-token)
	for name in view-token control-token; do
		echo "[Service]
LoadCredential=$name:/etc/$UNIT/$name" >$DROP/$name.conf
	done
	systemctl daemon-reload
	systemctl start $UNIT || fail "it does not start with credentials"
	# Root needs none.
	PEER=$AS_STRANGER
	request GET /api/v1/state
	[ "$STATUS" = 401 ] || fail "without a token the answer is $STATUS"
	[ "$(may_control $control)" = true ] || fail "the token to control does not"
	[ "$(may_control $view)" = false ] || fail "the token to view does not"
	systemctl reload $UNIT || fail "it does not reload"
	until_true 10 is_reloaded || fail "it was not told to reload: $(journalctl -u $UNIT -n 5 -o cat | tr '\n' ' ')"
	[ "$(may_control $control)" = true ] || fail "the token to control does not, once it is reloaded"
	! journalctl -u $UNIT | grep -E "$control|$view" || fail "the journal has a token"
	PEER=$AS_ROOT
	TOKEN=
	request GET /api/v1/state
	[ "$STATUS" = 200 ] || fail "root asks without a token, and gets $STATUS"
}

# What reads the files again has found them as they were.
is_reloaded() {
	journalctl -u $UNIT -o cat | grep reload | grep -q 'they are the same'
}

is_back() {
	[ "$(systemctl show -P NRestarts $UNIT)" = 1 ] && serves
}

killed() {
	systemctl kill -s KILL $UNIT
	until_true 30 is_back || fail "it does not come back"
}

# What will not mend itself is told, and not tried again.
wrong() {
	systemctl stop $UNIT
	echo '[Service]
ExecStart=
ExecStart=/usr/local/bin/runqlat-web --no-such-option' >$DROP/wrong.conf
	systemctl daemon-reload
	! systemctl start $UNIT || fail "it starts with a wrong option"
	sleep 4
	is ActiveState failed
	is ExecMainStatus 2
	is NRestarts 0
	rm -r $DROP
	systemctl daemon-reload
	systemctl reset-failed $UNIT
	systemctl start $UNIT || fail "it does not start after that"
}

security() {
	systemd-analyze security $UNIT --threshold=20 >/tmp/security || fail "$(tail -n 1 /tmp/security)"
	tail -n 1 /tmp/security
	sed -n 's/.*service: \([0-9.]*\) .*/exposure \1/p' /tmp/security >/tmp/facts
}

# A filter of the unit's that refuses bpf() to who has the capabilities.
filtered() {
	for by in EPERM ENOSYS; do
		# By a file, for systemd-run wants a bus.
		echo "[Service]
Type=oneshot
ExecStart=/usr/local/bin/runqlat-web check
SystemCallFilter=~bpf
SystemCallErrorNumber=$by
StandardOutput=truncate:/tmp/out
StandardError=inherit" >/run/systemd/system/filtered.service
		systemctl daemon-reload
		systemctl start filtered
		status=$(systemctl show -P ExecMainStatus filtered)
		cat /tmp/out
		[ $status = 3 ] || fail "status $status with $by"
		grep -q 'filter of system calls (seccomp)' /tmp/out || fail "the filter is not named: $(tail -n 2 /tmp/out | tr '\n' ' ')"
		! grep -q 'hint: run it as root' /tmp/out || fail "the hint is to be root"
	done
}

# with SETTING…: the unit with these, serves and measures under its host's names.
with() {
	mkdir -p $DROP
	{
		echo "[Service]"
		for setting; do echo $setting; done
	} >$DROP/with.conf
	systemctl daemon-reload
	systemctl restart $UNIT || fail "with $* it does not start: $(journalctl -u $UNIT -n 5 -o cat | tr '\n' ' ')"
	measures
	get /api/v1/state
	grep -q "\"hostname\":\"$(uname -n)\"" /tmp/answer || fail "with $* the host has no name"
	grep -q "\"kernel\":\"$(uname -r)\"" /tmp/answer || fail "with $* the kernel has no name"
	put '{"key": "thread"}'
	measures_from
}

subset() {
	with ProcSubset=pid
}

invisible() {
	with ProcSubset=pid ProtectProc=invisible
	rm -r $DROP
	systemctl daemon-reload
}

echo "fact release $(uname -r)"
echo "fact systemd $(systemctl --version | head -n 1)"
for name in starts limited measures retarget restarts journal tokens killed wrong security filtered subset invisible; do
	step $name
done
sed 's/^/fact /' /tmp/facts
echo end
exec </dev/null >/dev/null 2>&1
poweroff -f
