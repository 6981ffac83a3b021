// SPDX-License-Identifier: GPL-2.0-only
/*
 * The other side of the adapter: its netdev in this kernel, made by configfs, with a raw
 * socket on it and if need be a bridge, a tap device and a VLAN.
 */
#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <linux/ethtool.h>
#include <linux/if_ether.h>
#include <linux/if_packet.h>
#include <linux/if_tun.h>
#include <linux/if_vlan.h>
#include <linux/sockios.h>
#include <linux/virtio_net.h>
#include <net/if.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/uio.h>
#include <unistd.h>
#include "nic.h"

#define DIR		"/sys/kernel/config/vmbus_netvsp/7e57a11c-0000-4000-8000-00004e494321"
#define BRIDGE		"selftestbr"
#define TAP		"selftesttap"
#define SOCKET_BYTES	(32 << 20)	/* of frames that nobody has looked at */
#define MAX_STATS	4096U		/* of 64 queues */

/* ---- attributes and counters --------------------------------------------------------- */

static bool file_read(const char *path, char *value, size_t size)
{
	int fd = open(path, O_RDONLY | O_CLOEXEC);
	ssize_t len = -1;

	if (fd >= 0) {
		len = read(fd, value, size - 1);
		close(fd);
	}
	value[len > 0 ? len : 0] = 0;
	value[strcspn(value, "\n")] = 0;
	return len >= 0;
}

static bool file_write(const char *path, const char *value)
{
	int fd = open(path, O_WRONLY | O_CLOEXEC);
	ssize_t len = -1;

	if (fd >= 0) {
		len = write(fd, value, strlen(value));
		close(fd);
	}
	return len == (ssize_t)strlen(value);
}

/**
 * host_try - set an attribute of the adapter, which may be refused
 * @attr: its name
 * @value: value
 *
 * Return: 0, or an errno.
 */
int host_try(const char *attr, const char *value)
{
	char path[160];

	snprintf(path, sizeof(path), DIR "/%s", attr);
	errno = EIO;
	return file_write(path, value) ? 0 : errno;
}

/**
 * host_set - set an attribute of the adapter
 * @attr: its name
 * @value: value
 *
 * Return: false if that is refused.
 */
bool host_set(const char *attr, const char *value)
{
	int err = host_try(attr, value);

	if (err)
		note("cannot write %s to %s: %s", value, attr, strerror(err));
	return !err;
}

/**
 * host_get - an attribute of the adapter
 * @attr: its name
 * @value: result
 * @size: room in @value
 *
 * Return: false if it cannot be read.
 */
bool host_get(const char *attr, char *value, size_t size)
{
	char path[160];

	snprintf(path, sizeof(path), DIR "/%s", attr);
	if (file_read(path, value, size))
		return true;
	note("cannot read %s: %s", path, strerror(errno));
	return false;
}

/**
 * chan_value - what the server says of a channel
 * @c: channel
 * @name: of the file
 * @value: result
 * @size: room in @value
 *
 * Return: false if it cannot be read.
 */
bool chan_value(struct channel *c, const char *name, char *value, size_t size)
{
	char path[160];

	snprintf(path, sizeof(path), "/sys/class/vmbus_srv/%s/channels/%u/%s", opt.partition,
		 c->id, name);
	if (file_read(path, value, size))
		return true;
	note("cannot read %s: %s", path, strerror(errno));
	return false;
}

/**
 * chan_number - the same, as a number
 * @c: channel
 * @name: of the file
 *
 * Return: the number.
 */
u64 chan_number(struct channel *c, const char *name)
{
	char value[32] = "";

	chan_value(c, name, value, sizeof(value));
	return strtoull(value, NULL, 0);
}

/**
 * host_counter - a counter that each netdev has
 * @h: netdev
 * @name: of it
 *
 * Return: its value.
 */
u64 host_counter(struct host *h, const char *name)
{
	char path[160], value[32];

	snprintf(path, sizeof(path), "/sys/class/net/%s/statistics/%s", h->name, name);
	if (!file_read(path, value, sizeof(value)))
		note("cannot read %s", path);
	return strtoull(value, NULL, 0);
}

/**
 * host_limits - have the stack not wait for what the guest gives back
 * @h: netdev
 * @queues: of it, the first ones
 * @bytes: that may be under way, at least; as soon as the first frame was given back
 *
 * Return: false if that cannot be said.
 */
bool host_limits(struct host *h, unsigned int queues, const char *bytes)
{
	char path[160];
	unsigned int i;

	for (i = 0; i < queues; i++) {
		snprintf(path, sizeof(path),
			 "/sys/class/net/%s/queues/tx-%u/byte_queue_limits/limit_min", h->name, i);
		if (!file_write(path, bytes))
			return false;
	}
	return true;
}

/**
 * host_in_flight_is - wait until the stack counts so much as under way to the guest
 * @h: netdev
 * @queue: of it
 * @bytes: of frames that the guest has not given back
 *
 * Return: false if it does not come to that.
 */
bool host_in_flight_is(struct host *h, unsigned int queue, u64 bytes)
{
	u64 end = now_us() + TIMEOUT_MS * 1000ULL, now;
	char path[160], value[32];

	snprintf(path, sizeof(path), "/sys/class/net/%s/queues/tx-%u/byte_queue_limits/inflight",
		 h->name, queue);
	do {
		if (!file_read(path, value, sizeof(value))) {
			note("cannot read %s", path);
			return false;
		}
		now = strtoull(value, NULL, 0);
		if (now == bytes)
			return true;
		usleep(2000);
	} while (now_us() < end);
	note("queue %u has %llu bytes under way instead of %llu", queue, now, bytes);
	return false;
}

/* ---- ioctls -------------------------------------------------------------------------- */

static int net_call(unsigned long cmd, void *arg)
{
	static int fd = -1;

	if (fd < 0)
		fd = socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0);
	return ioctl(fd, cmd, arg);
}

static struct ifreq request(const char *name)
{
	struct ifreq r = { };

	snprintf(r.ifr_name, sizeof(r.ifr_name), "%s", name);
	return r;
}

static bool link_set(const char *name, bool up)
{
	struct ifreq r = request(name);

	if (net_call(SIOCGIFFLAGS, &r))
		return false;
	r.ifr_flags = up ? r.ifr_flags | IFF_UP : r.ifr_flags & ~IFF_UP;
	return !net_call(SIOCSIFFLAGS, &r);
}

/* Brings it up, and it has nothing to say of its own. */
static bool link_up(const char *name)
{
	char path[160];

	snprintf(path, sizeof(path), "/proc/sys/net/ipv6/conf/%s/disable_ipv6", name);
	file_write(path, "1");
	if (link_set(name, true))
		return true;
	note("%s does not come up: %s", name, strerror(errno));
	return false;
}

/**
 * host_up - take the netdev up, or down
 * @h: netdev
 * @on: which
 *
 * Return: false if it does not go.
 */
bool host_up(struct host *h, bool on)
{
	socklen_t len = sizeof(int);
	int err;

	if (!(on ? link_up(h->name) : link_set(h->name, false)))
		return false;
	/* The socket has heard of it, too, and would tell whoever uses it next. */
	return !getsockopt(h->sock, SOL_SOCKET, SO_ERROR, &err, &len);
}

/**
 * host_running - wait until the netdev has a carrier, or has lost it
 * @h: netdev that is up
 * @on: which
 * @ms: not longer than this
 *
 * Return: false if it does not come to that.
 */
bool host_running(struct host *h, bool on, int ms)
{
	u64 end = now_us() + ms * 1000ULL;
	char path[160], value[8];

	snprintf(path, sizeof(path), "/sys/class/net/%s/carrier", h->name);
	do {
		/* Who reads this waits until the queues are as the carrier is. */
		if (file_read(path, value, sizeof(value)) && value[0] == (on ? '1' : '0'))
			return true;
		usleep(5000);
	} while (now_us() < end);
	note("the carrier is %s", on ? "off" : "on");
	return false;
}

/*
 * Calls @see with each counter of ethtool.  The number of them may change between the calls
 * in theory; room is left for that.
 */
static bool stats(struct host *h, bool (*see)(const char *name, u64 value, void *arg), void *arg)
{
	static struct {
		struct ethtool_gstrings head;
		char names[MAX_STATS][ETH_GSTRING_LEN];
	} names;
	static struct {
		struct ethtool_stats head;
		u64 values[MAX_STATS];
	} values;
	struct {
		struct ethtool_sset_info head;
		u32 count;
	} info = { .head = { .cmd = ETHTOOL_GSSET_INFO, .sset_mask = 1ULL << ETH_SS_STATS } };
	struct ifreq r = request(h->name);
	u32 i;

	r.ifr_data = (void *)&info;
	if (net_call(SIOCETHTOOL, &r) || !info.head.sset_mask || info.count > MAX_STATS)
		return false;
	names.head = (struct ethtool_gstrings) {
		.cmd = ETHTOOL_GSTRINGS, .string_set = ETH_SS_STATS, .len = info.count,
	};
	r.ifr_data = (void *)&names;
	if (net_call(SIOCETHTOOL, &r))
		return false;
	values.head = (struct ethtool_stats) { .cmd = ETHTOOL_GSTATS, .n_stats = info.count };
	r.ifr_data = (void *)&values;
	if (net_call(SIOCETHTOOL, &r))
		return false;
	for (i = 0; i < info.count; i++) {
		names.names[i][ETH_GSTRING_LEN - 1] = 0;
		if (!see(names.names[i], values.values[i], arg))
			break;
	}
	return true;
}

struct wanted {
	const char *name;
	u64 value;
};

static bool see_one(const char *name, u64 value, void *arg)
{
	struct wanted *w = arg;

	if (strcmp(name, w->name))
		return true;
	w->value = value;
	return false;
}

/**
 * host_stat - a counter of ethtool
 * @h: netdev
 * @name: of it
 *
 * Return: its value, ~0 if there is none of that name.
 */
u64 host_stat(struct host *h, const char *name)
{
	struct wanted w = { name, ~0ULL };

	if (!stats(h, see_one, &w) || w.value == ~0ULL)
		note("%s has no counter %s", h->name, name);
	return w.value;
}

/**
 * host_stat_is - wait until a counter of ethtool has come to something
 * @h: netdev
 * @name: of it
 * @value: at least
 *
 * Return: false if it does not.
 */
bool host_stat_is(struct host *h, const char *name, u64 value)
{
	u64 end = now_us() + TIMEOUT_MS * 1000ULL, now;

	while ((now = host_stat(h, name)) < value && now_us() < end)
		usleep(2000);
	if (now < value)
		note("%s: %llu instead of %llu", name, now, value);
	return now >= value && now != ~0ULL;
}

static bool see_refused(const char *name, u64 value, void *arg)
{
	static const char *const words[] = { "bad", "refused", "error", "invalid", "malformed" };
	u64 *sum = arg;
	unsigned int i;

	for (i = 0; i < ARRAY_SIZE(words); i++)
		if (strstr(name, words[i])) {
			*sum += value;
			break;
		}
	return true;
}

/**
 * host_refused - all counters together that tell of what the guest has done wrong
 * @h: netdev
 *
 * Return: their sum.
 */
u64 host_refused(struct host *h)
{
	u64 sum = host_counter(h, "rx_errors") + host_counter(h, "rx_dropped");

	stats(h, see_refused, &sum);
	return sum;
}

/* ---- sockets ------------------------------------------------------------------------- */

/**
 * host_socket - a raw socket on a netdev
 * @name: its name
 *
 * Return: file descriptor, or -1.
 */
int host_socket(const char *name)
{
	int fd = socket(AF_PACKET, SOCK_RAW | SOCK_CLOEXEC, 0), bytes = SOCKET_BYTES, on = 1;
	struct sockaddr_ll a = {
		.sll_family = AF_PACKET,
		.sll_protocol = htons(ETH_P_ALL),
		.sll_ifindex = if_nametoindex(name),
	};

	if (fd < 0)
		return -1;
	if (!setsockopt(fd, SOL_SOCKET, SO_RCVBUFFORCE, &bytes, sizeof(bytes)) &&
	    !setsockopt(fd, SOL_SOCKET, SO_SNDBUFFORCE, &bytes, sizeof(bytes)) &&
	    !setsockopt(fd, SOL_PACKET, PACKET_AUXDATA, &on, sizeof(on)) &&
	    !setsockopt(fd, SOL_PACKET, PACKET_VNET_HDR, &on, sizeof(on)) &&
	    !setsockopt(fd, SOL_PACKET, PACKET_IGNORE_OUTGOING, &on, sizeof(on)) &&
	    !bind(fd, (struct sockaddr *)&a, sizeof(a)))
		return fd;
	note("a socket on %s: %s", name, strerror(errno));
	close(fd);
	return -1;
}

static bool send_with(int sock, const struct virtio_net_hdr *hdr, const void *frame, u32 len)
{
	struct iovec iov[2] = {
		{ (void *)hdr, sizeof(*hdr) },
		{ (void *)frame, len },
	};
	struct msghdr msg = { .msg_iov = iov, .msg_iovlen = 2 };

	if (sendmsg(sock, &msg, MSG_DONTWAIT) == (ssize_t)(sizeof(*hdr) + len))
		return true;
	note("a frame of %u bytes is not sent: %s", len, strerror(errno));
	return false;
}

/**
 * host_send - send a frame to the guest, as it is
 * @sock: of host_socket()
 * @frame: frame
 * @len: its bytes
 *
 * Return: false if it is not taken.
 */
bool host_send(int sock, const void *frame, u32 len)
{
	struct virtio_net_hdr hdr = { };

	return send_with(sock, &hdr, frame, len);
}

/**
 * host_send_sums - send a frame to the guest of which the adapter makes the sum
 * @sock: of host_socket()
 * @frame: frame after frame_leave_sums()
 * @len: its bytes
 * @w: its flow
 * @mss: bytes of segments, 0 if it is not to be cut
 *
 * Return: false if it is not taken.
 */
bool host_send_sums(int sock, const void *frame, u32 len, const struct flow *w, u32 mss)
{
	struct virtio_net_hdr hdr = {
		.flags = VIRTIO_NET_HDR_F_NEEDS_CSUM,
		.csum_start = frame_transport(w),
		.csum_offset = frame_sum_at(w),
	};

	if (mss) {
		hdr.gso_type = w->v6 ? VIRTIO_NET_HDR_GSO_TCPV6 : VIRTIO_NET_HDR_GSO_TCPV4;
		hdr.gso_size = mss;
		hdr.hdr_len = frame_head(w);
	}
	return send_with(sock, &hdr, frame, len);
}

static void take_tag(struct msghdr *msg, struct host_frame *f)
{
	struct tpacket_auxdata aux;
	struct cmsghdr *c;

	for (c = CMSG_FIRSTHDR(msg); c; c = CMSG_NXTHDR(msg, c)) {
		if (c->cmsg_level != SOL_PACKET || c->cmsg_type != PACKET_AUXDATA)
			continue;
		memcpy(&aux, CMSG_DATA(c), sizeof(aux));
		f->tagged = aux.tp_status & TP_STATUS_VLAN_VALID;
		f->tci = f->tagged ? aux.tp_vlan_tci : 0;
	}
}

/**
 * host_take - wait for a frame of the guest
 * @sock: of host_socket()
 * @f: result
 * @ms: not longer than this
 *
 * Return: false if none has come.
 */
bool host_take(int sock, struct host_frame *f, int ms)
{
	u64 now = now_us(), end = now + ms * 1000ULL;
	char control[CMSG_SPACE(sizeof(struct tpacket_auxdata))];
	struct pollfd p = { .fd = sock, .events = POLLIN };
	struct virtio_net_hdr hdr;
	ssize_t len;

	for (; now <= end; now = now_us()) {
		struct iovec iov[2] = { { &hdr, sizeof(hdr) }, { f->data, sizeof(f->data) } };
		struct msghdr msg = {
			.msg_iov = iov, .msg_iovlen = 2,
			.msg_control = control, .msg_controllen = sizeof(control),
		};

		len = recvmsg(sock, &msg, MSG_DONTWAIT);
		if (len < 0) {
			if (poll(&p, 1, (end - now + 999) / 1000) <= 0)
				return false;
			continue;
		}
		if (len < (ssize_t)(sizeof(hdr) + NIC_ETH) ||
		    memcmp(f->data + 6, guest_mac, sizeof(guest_mac)))
			continue;
		f->len = len - sizeof(hdr);
		f->needs_sum = hdr.flags & VIRTIO_NET_HDR_F_NEEDS_CSUM;
		f->sum_at = hdr.csum_start;
		f->sum_offset = hdr.csum_offset;
		f->segment = hdr.gso_type ? hdr.gso_size : 0;
		f->v6 = hdr.gso_type == VIRTIO_NET_HDR_GSO_TCPV6;
		f->tagged = false;
		f->tci = 0;
		take_tag(&msg, f);
		return true;
	}
	return false;
}

/* ---- the netdev, and what is beside it ----------------------------------------------- */

/**
 * host_prepare - make the adapter, without its netdev, for host_make()
 *
 * Return: false if that is refused.
 */
bool host_prepare(void)
{
	if (!mkdir(DIR, 0755))
		return true;
	note("cannot make " DIR ": %s", strerror(errno));
	return false;
}

/**
 * host_make - make the adapter, if it is not there, and its netdev
 * @h: result
 * @mtu: without Ethernet header
 * @queues: channels that the guest may have
 *
 * Return: false if that is refused.
 */
bool host_make(struct host *h, u32 mtu, unsigned int queues)
{
	char mac[20], number[16];

	*h = (struct host) { .sock = -1, .tap = -1 };
	if (access(DIR, F_OK) && !host_prepare())
		return false;
	snprintf(mac, sizeof(mac), "%02x:%02x:%02x:%02x:%02x:%02x", guest_mac[0], guest_mac[1],
		 guest_mac[2], guest_mac[3], guest_mac[4], guest_mac[5]);
	snprintf(number, sizeof(number), "%u", mtu);
	if (!host_set("server", opt.partition) || !host_set("mac", mac) ||
	    !host_set("mtu", number))
		return false;
	snprintf(number, sizeof(number), "%u", queues);
	if (!host_set("queues", number) || !host_set("enable", "1") ||
	    !host_get("ifname", h->name, sizeof(h->name)) || !link_up(h->name))
		return false;
	h->sock = host_socket(h->name);
	return h->sock >= 0;
}

/**
 * host_remove - the adapter and its netdev go
 * @h: of host_make(), also if that has failed
 */
void host_remove(struct host *h)
{
	host_unbridge(h);
	if (h->sock >= 0)
		close(h->sock);
	h->sock = -1;
	if (access(DIR, F_OK))
		return;
	host_set("enable", "0");
	if (rmdir(DIR))
		note("cannot remove " DIR ": %s", strerror(errno));
}

static bool bridge_port(const char *name)
{
	struct ifreq r = request(BRIDGE);

	r.ifr_ifindex = if_nametoindex(name);
	return !net_call(SIOCBRADDIF, &r);
}

/**
 * host_bridge - bridge the netdev with a tap device, which can neither cut nor sum
 * @h: netdev that has a carrier
 *
 * What comes out there is as it would be on a cable, and what comes in there goes through
 * GRO first, as that of a network card does.
 *
 * Return: false if that does not work.
 */
bool host_bridge(struct host *h)
{
	struct ifreq r = request(TAP), br = request(BRIDGE);

	h->tap = open("/dev/net/tun", O_RDWR | O_CLOEXEC | O_NONBLOCK);
	r.ifr_flags = IFF_TAP | IFF_NO_PI | IFF_NAPI;
	if (h->tap >= 0 && !ioctl(h->tap, TUNSETIFF, &r) &&
	    !net_call(SIOCBRADDBR, &br) && link_up(BRIDGE) && link_up(TAP) &&
	    bridge_port(TAP) && bridge_port(h->name))
		return true;
	note("no bridge: %s", strerror(errno));
	return false;
}

/**
 * host_unbridge - the bridge and the tap device go
 * @h: netdev, bridged or not
 */
void host_unbridge(struct host *h)
{
	struct ifreq br = request(BRIDGE);

	if (h->tap < 0)
		return;
	close(h->tap);
	h->tap = -1;
	link_set(BRIDGE, false);
	if (net_call(SIOCBRDELBR, &br))
		note("the bridge stays: %s", strerror(errno));
}

/**
 * host_tap_take - wait for a frame of the guest at the tap device
 * @h: bridged netdev
 * @f: result
 * @max: room in @f
 * @ms: not longer than this
 *
 * Return: bytes of the frame, 0 if none has come.
 */
int host_tap_take(struct host *h, u8 *f, u32 max, int ms)
{
	u64 now = now_us(), end = now + ms * 1000ULL;
	struct pollfd p = { .fd = h->tap, .events = POLLIN };
	ssize_t len;

	for (; now <= end; now = now_us()) {
		len = read(h->tap, f, max);
		if (len >= (ssize_t)NIC_ETH && !memcmp(f + 6, guest_mac, sizeof(guest_mac)))
			return len;
		if (len < 0 && poll(&p, 1, (end - now + 999) / 1000) <= 0)
			return 0;
	}
	return 0;
}

/**
 * host_tap_send - a frame comes in from the tap device
 * @h: bridged netdev
 * @f: frame
 * @len: its bytes
 *
 * Return: false if it is not taken.
 */
bool host_tap_send(struct host *h, const u8 *f, u32 len)
{
	return write(h->tap, f, len) == (ssize_t)len;
}

/**
 * host_vlan - a VLAN of the netdev; it goes with it
 * @h: netdev
 * @vid: of the VLAN
 *
 * Return: a raw socket on it, or -1.
 */
int host_vlan(struct host *h, u16 vid)
{
	struct vlan_ioctl_args a = {
		.cmd = SET_VLAN_NAME_TYPE_CMD,
		.u.name_type = VLAN_NAME_TYPE_PLUS_VID_NO_PAD,
	};
	char name[16];

	net_call(SIOCSIFVLAN, &a);
	a = (struct vlan_ioctl_args) { .cmd = ADD_VLAN_CMD, .u.VID = vid };
	snprintf(a.device1, sizeof(a.device1), "%s", h->name);
	if (net_call(SIOCSIFVLAN, &a)) {
		note("no VLAN: %s", strerror(errno));
		return -1;
	}
	snprintf(name, sizeof(name), "vlan%u", vid);
	return link_up(name) ? host_socket(name) : -1;
}
