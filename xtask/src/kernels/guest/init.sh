#!/bin/sh
# The guest's first process: file systems, modules, network, then the proofs, and off. If it ends before, the kernel
# panics, and qemu ends. What it prints goes to the host, line by line.

export PATH=/bin
/bin/busybox --install -s /bin
# Neither tracefs nor bpffs nor debugfs: measuring must do without.
mount -t devtmpfs none /dev
mount -t proc none /proc
mount -t sysfs none /sys
mount -t tmpfs none /tmp
mount -t cgroup2 none /sys/fs/cgroup

exec </dev/ttyS1 >/dev/ttyS1 2>&1
# Lines as they are, in both directions, and no echo of what the host says.
stty raw -echo

unxz /modules/*.xz 2>/dev/null
# Which module needs which differs between kernels: go on as long as another round loads another.
more=yes
while [ $more = yes ]; do
	more=no
	for module in /modules/*; do
		insmod "$module" 2>/dev/null && rm "$module" && more=yes
	done
done

ip link set lo up
ip address add 10.0.2.15/24 dev eth0
ip link set eth0 up

# From the kernel's command line.
sh "/${PROOF:-prove}.sh"
# Closing waits until all is sent.
exec </dev/null >/dev/null 2>&1
poweroff -f
