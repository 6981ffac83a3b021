// SPDX-License-Identifier: GPL-2.0-only
/*
 * GPADLs: the client describes ranges of its memory in a header and any number
 * of bodies.  The words are checked for their form here; whether the pages
 * exist is checked when somebody maps or forwards them.
 */
#include <linux/slab.h>
#include <kunit/visibility.h>
#include "vsrv.h"
#include "trace.h"

/**
 * vsrv_gpadl_state_name - a state for humans
 * @state: state
 *
 * Return: its name.
 */
const char *vsrv_gpadl_state_name(enum vsrv_gpadl_state state)
{
	static const char * const names[] = {
		[VSRV_GPADL_IN_PROGRESS] = "in-progress",
		[VSRV_GPADL_OFFERED] = "offered",
		[VSRV_GPADL_OFFERED_TEARDOWN] = "offered-teardown",
		[VSRV_GPADL_ACCEPTED] = "accepted",
		[VSRV_GPADL_TEARDOWN] = "teardown",
	};

	return names[state];
}

/**
 * vsrv_gpadl_alloc - make room for a GPADL
 * @id: the client's id
 * @range_bytes: bytes of range data, as the header says
 * @range_count: ranges, as the header says
 *
 * Context: process, may sleep.
 * Return: a GPADL without channel, with one reference, or NULL.
 */
struct vsrv_gpadl *vsrv_gpadl_alloc(u32 id, u16 range_bytes, u16 range_count)
{
	u32 nwords = range_bytes / sizeof(u64);
	struct vsrv_gpadl *gpadl;

	gpadl = kvzalloc(struct_size(gpadl, words, nwords), GFP_KERNEL);
	if (!gpadl)
		return NULL;
	gpadl->nwords = nwords;
	gpadl->id = id;
	gpadl->range_count = range_count;
	gpadl->state = VSRV_GPADL_IN_PROGRESS;
	kref_init(&gpadl->ref);
	INIT_LIST_HEAD(&gpadl->node);
	INIT_LIST_HEAD(&gpadl->op.node);
	INIT_LIST_HEAD(&gpadl->progress);
	return gpadl;
}
EXPORT_SYMBOL_IF_KUNIT(vsrv_gpadl_alloc);

/**
 * vsrv_gpadl_release - free a GPADL
 * @ref: its last reference
 */
void vsrv_gpadl_release(struct kref *ref)
{
	struct vsrv_gpadl *gpadl = container_of(ref, struct vsrv_gpadl, ref);

	if (gpadl->chan)
		vsrv_chan_put(gpadl->chan);
	kvfree(gpadl);
}
EXPORT_SYMBOL_IF_KUNIT(vsrv_gpadl_release);

/**
 * vsrv_gpadl_append - add words of a message
 * @gpadl: GPADL in progress
 * @words: range data of the message
 * @nwords: words of it; clients may send full messages always, so what is more
 *	than the GPADL needs is ignored
 *
 * Return: true if the GPADL is complete now.
 */
bool vsrv_gpadl_append(struct vsrv_gpadl *gpadl, const __le64 *words, u32 nwords)
{
	u32 n = min(nwords, gpadl->nwords - gpadl->have);
	u32 i;

	for (i = 0; i < n; i++)
		gpadl->words[gpadl->have + i] = le64_to_cpu(words[i]);
	gpadl->have += n;
	return gpadl->have == gpadl->nwords;
}
EXPORT_SYMBOL_IF_KUNIT(vsrv_gpadl_append);

/*
 * The range at @word: its length, offset and pages.  Returns the word behind
 * it, or -EINVAL.
 */
static int vsrv_gpadl_parse(const struct vsrv_gpadl *gpadl, u32 word, u32 *len, u32 *offset,
			    u32 *npfns)
{
	if (word >= gpadl->nwords)
		return -EINVAL;
	*len = lower_32_bits(gpadl->words[word]);
	*offset = upper_32_bits(gpadl->words[word]);
	*npfns = vsrv_range_pages(*len, *offset);
	if (!*npfns || *npfns > gpadl->nwords - word - 1)
		return -EINVAL;
	return word + 1 + *npfns;
}

/**
 * vsrv_gpadl_is_vtl2 - is this memory of VTL2, and none of the guest's?
 * @gpadl: GPADL of a client in VTL2
 *
 * Return: true if it is complete, and every page is VTL2's.
 */
bool vsrv_gpadl_is_vtl2(const struct vsrv_gpadl *gpadl)
{
	unsigned int npfns, i, k;
	const u64 *pfns;
	u32 len, offset;
	u32 pos = 0;

	if (gpadl->have != gpadl->nwords)
		return false;
	for (i = 0; i < gpadl->range_count; i++) {
		if (vsrv_gpadl_next(gpadl, &pos, &len, &offset, &pfns, &npfns))
			return false;
		for (k = 0; k < npfns; k++)
			if (!vpart_vtl2_pfn(pfns[k]))
				return false;
	}
	return gpadl->range_count;
}

/**
 * vsrv_gpadl_validate - check the form of a complete GPADL
 * @gpadl: GPADL
 *
 * Words behind the last range are allowed.
 *
 * Return: 0 or -EINVAL.
 */
int vsrv_gpadl_validate(const struct vsrv_gpadl *gpadl)
{
	u32 len, offset, npfns;
	unsigned int i;
	int word = 0;

	for (i = 0; i < gpadl->range_count; i++) {
		word = vsrv_gpadl_parse(gpadl, word, &len, &offset, &npfns);
		if (word < 0)
			return word;
	}
	return 0;
}
EXPORT_SYMBOL_IF_KUNIT(vsrv_gpadl_validate);

/* ---- what the client says ----------------------------------------------------- */

static void vsrv_gpadl_set_state(struct vsrv_gpadl *gpadl, enum vsrv_gpadl_state state)
{
	trace_vsrv_gpadl_state(gpadl, state);
	gpadl->state = state;
}

static void vsrv_gpadl_send_created(struct vmbus_srv *srv, u32 channel_id, u32 gpadl_id, int err)
{
	struct vmbus_gpadl_created_msg m = {
		.channel_id = cpu_to_le32(channel_id),
		.gpadl_id = cpu_to_le32(gpadl_id),
		.status = cpu_to_le32(err ? VMBUS_STATUS_FAILURE : 0),
	};

	if (err)
		vsrv_count(srv, VSRV_GPADLS_FAILED);
	vsrv_send(srv, VMBUS_MSG_GPADL_CREATED, &m, sizeof(m));
}

static struct vsrv_gpadl *vsrv_gpadl_find(struct vsrv_chan *chan, u32 id)
{
	struct vsrv_gpadl *gpadl;

	list_for_each_entry(gpadl, &chan->gpadls, node)
		if (gpadl->id == id)
			return gpadl;
	return NULL;
}

static struct vsrv_gpadl *vsrv_gpadl_find_in_progress(struct vmbus_srv *srv, u32 id)
{
	struct vsrv_gpadl *gpadl;

	list_for_each_entry(gpadl, &srv->in_progress, progress)
		if (gpadl->id == id)
			return gpadl;
	return NULL;
}

/* Each range has a word of its own and at least one page. */
static bool vsrv_gpadl_has_room(const struct vsrv_gpadl *gpadl)
{
	return gpadl->range_count <= gpadl->nwords / 2;
}

/* Words that can be page numbers: how many are is not known before the last has come. */
static u32 vsrv_gpadl_pages(const struct vsrv_gpadl *gpadl)
{
	return gpadl->nwords - gpadl->range_count;
}

static int vsrv_gpadl_insert(struct vsrv_chan *chan, struct vsrv_gpadl *gpadl)
{
	struct vmbus_srv *srv = chan->srv;
	u32 pages = vsrv_gpadl_pages(gpadl);

	/* There may be more already than a limit allows that was lowered. */
	if (srv->ngpadls >= READ_ONCE(srv->max_gpadls) ||
	    srv->gpadl_pages + pages > READ_ONCE(srv->max_gpadl_pages) ||
	    gpadl->nwords > VSRV_MAX_GPADL_WORDS - srv->gpadl_words)
		return -ENOSPC;
	vsrv_chan_get(chan);
	gpadl->chan = chan;
	list_add_tail(&gpadl->node, &chan->gpadls);
	srv->ngpadls++;
	srv->gpadl_words += gpadl->nwords;
	srv->gpadl_pages += pages;
	return 0;
}

/**
 * vsrv_gpadl_remove - the GPADL does not exist any more
 * @gpadl: in the list of its channel
 *
 * Context: vmbus_srv::lock held.
 */
void vsrv_gpadl_remove(struct vsrv_gpadl *gpadl)
{
	struct vmbus_srv *srv = gpadl->chan->srv;

	lockdep_assert_held(&srv->lock);
	vsrv_cancel_op(&gpadl->op);
	list_del_init(&gpadl->node);
	list_del_init(&gpadl->progress);
	srv->ngpadls--;
	srv->gpadl_words -= gpadl->nwords;
	srv->gpadl_pages -= vsrv_gpadl_pages(gpadl);
	kref_put(&gpadl->ref, vsrv_gpadl_release);
}

static void vsrv_gpadl_complete(struct vsrv_gpadl *gpadl)
{
	struct vsrv_chan *chan = gpadl->chan;

	/*
	 * A client that lost the race with a rescind must see its GPADL succeed:
	 * Linux breaks otherwise.
	 */
	if (!chan->has_owner || !chan->ops->gpadl_create) {
		vsrv_gpadl_set_state(gpadl, VSRV_GPADL_ACCEPTED);
		vsrv_gpadl_send_created(chan->srv, chan->id, gpadl->id, 0);
		return;
	}
	vsrv_gpadl_set_state(gpadl, VSRV_GPADL_OFFERED);
	vsrv_queue_op(chan->srv, &gpadl->op, VSRV_OP_GPADL_CREATE, chan);
}

/**
 * vsrv_gpadl_on_header - GPADL_HEADER
 * @srv: server
 * @msg: message
 *
 * Context: vmbus_srv::lock held, in the server's work.
 */
void vsrv_gpadl_on_header(struct vmbus_srv *srv, const struct vpart_message *msg)
{
	const struct vmbus_gpadl_header_msg *m = (const void *)msg->payload;
	u32 channel_id = le32_to_cpu(m->channel_id), id = le32_to_cpu(m->gpadl_id);
	struct vsrv_chan *chan = vsrv_chan_find(srv, channel_id);
	enum vsrv_why why = VSRV_WHY_NO_CHANNEL;
	struct vsrv_gpadl *gpadl = NULL;
	bool complete;

	if (!chan)
		goto fail;
	why = VSRV_WHY_RESERVED;
	if (chan->reserved.on)
		goto fail;
	why = VSRV_WHY_GPADL_ID;
	if (vsrv_gpadl_find(chan, id))
		goto fail;

	why = VSRV_WHY_GPADL_LIMIT;
	gpadl = vsrv_gpadl_alloc(id, le16_to_cpu(m->range_bytes), le16_to_cpu(m->range_count));
	if (!gpadl)
		goto fail;

	/* Here, because a limit counts its pages from now on. */
	why = VSRV_WHY_GPADL_FORM;
	if (!vsrv_gpadl_has_room(gpadl))
		goto fail;
	complete = vsrv_gpadl_append(gpadl, m->words, (msg->size - sizeof(*m)) / sizeof(u64));
	if (complete && vsrv_gpadl_validate(gpadl))
		goto fail;
	/* Bodies carry no channel id, so the id alone must tell. */
	why = VSRV_WHY_GPADL_ID;
	if (!complete && vsrv_gpadl_find_in_progress(srv, id))
		goto fail;
	why = VSRV_WHY_GPADL_LIMIT;
	if (vsrv_gpadl_insert(chan, gpadl))
		goto fail;

	if (complete)
		vsrv_gpadl_complete(gpadl);
	else
		list_add_tail(&gpadl->progress, &srv->in_progress);
	return;

fail:
	if (gpadl)
		kref_put(&gpadl->ref, vsrv_gpadl_release);
	vsrv_refuse(srv, msg, why);
	vsrv_gpadl_send_created(srv, channel_id, id, -EINVAL);
}

/**
 * vsrv_gpadl_on_body - GPADL_BODY
 * @srv: server
 * @msg: message
 *
 * Context: vmbus_srv::lock held, in the server's work.
 */
void vsrv_gpadl_on_body(struct vmbus_srv *srv, const struct vpart_message *msg)
{
	const struct vmbus_gpadl_body_msg *m = (const void *)msg->payload;
	struct vsrv_gpadl *gpadl = vsrv_gpadl_find_in_progress(srv, le32_to_cpu(m->gpadl_id));

	if (!gpadl) {
		vsrv_refuse(srv, msg, VSRV_WHY_NO_GPADL);
		return;
	}
	if (!vsrv_gpadl_append(gpadl, m->words, (msg->size - sizeof(*m)) / sizeof(u64)))
		return;

	if (vsrv_gpadl_validate(gpadl)) {
		vsrv_refuse(srv, msg, VSRV_WHY_GPADL_FORM);
		vsrv_gpadl_send_created(srv, gpadl->chan->id, gpadl->id, -EINVAL);
		vsrv_gpadl_remove(gpadl);
		return;
	}
	list_del_init(&gpadl->progress);
	vsrv_gpadl_complete(gpadl);
}

/* The owner, if any, has let go: tell the client, unless it is gone. */
static void vsrv_gpadl_torndown(struct vsrv_gpadl *gpadl)
{
	struct vmbus_gpadl_torndown_msg m = { .gpadl_id = cpu_to_le32(gpadl->id) };
	struct vsrv_chan *chan = gpadl->chan;
	struct vmbus_srv *srv = chan->srv;

	if (!vsrv_chan_released(chan))
		vsrv_send(srv, VMBUS_MSG_GPADL_TORNDOWN, &m, sizeof(m));
	vsrv_gpadl_remove(gpadl);
	vsrv_chan_gpadl_gone(chan);
}

static void vsrv_gpadl_start_teardown(struct vsrv_gpadl *gpadl)
{
	struct vsrv_chan *chan = gpadl->chan;

	vsrv_gpadl_set_state(gpadl, VSRV_GPADL_TEARDOWN);
	if (chan->has_owner && !gpadl->forgotten && chan->ops->gpadl_teardown)
		vsrv_queue_op(chan->srv, &gpadl->op, VSRV_OP_GPADL_TEARDOWN, chan);
	else if (!gpadl->users)
		vsrv_gpadl_torndown(gpadl);
	/* else vsrv_gpadl_put() goes on */
}

/**
 * vsrv_gpadl_on_teardown - GPADL_TEARDOWN
 * @srv: server
 * @msg: message
 *
 * Context: vmbus_srv::lock held, in the server's work.
 */
void vsrv_gpadl_on_teardown(struct vmbus_srv *srv, const struct vpart_message *msg)
{
	const struct vmbus_gpadl_teardown_msg *m = (const void *)msg->payload;
	struct vsrv_chan *chan = vsrv_chan_of(srv, msg, m->channel_id);
	struct vsrv_gpadl *gpadl;

	if (!chan)
		return;
	/* A reserved channel lets go of its GPADLs as a whole. */
	if (chan->reserved.on) {
		vsrv_refuse(srv, msg, VSRV_WHY_RESERVED);
		return;
	}
	gpadl = vsrv_gpadl_find(chan, le32_to_cpu(m->gpadl_id));
	if (!gpadl || gpadl->state != VSRV_GPADL_ACCEPTED) {
		vsrv_refuse(srv, msg, VSRV_WHY_NO_GPADL);
		return;
	}
	vsrv_gpadl_start_teardown(gpadl);
}

/**
 * vsrv_gpadls_client_release - the client has let go of the channel
 * @chan: channel
 *
 * Context: vmbus_srv::lock held.
 */
void vsrv_gpadls_client_release(struct vsrv_chan *chan)
{
	struct vsrv_gpadl *gpadl, *tmp;

	list_for_each_entry_safe(gpadl, tmp, &chan->gpadls, node) {
		switch (gpadl->state) {
		case VSRV_GPADL_IN_PROGRESS:
			vsrv_gpadl_remove(gpadl);
			break;
		case VSRV_GPADL_OFFERED:
			vsrv_gpadl_set_state(gpadl, VSRV_GPADL_OFFERED_TEARDOWN);
			break;
		case VSRV_GPADL_ACCEPTED:
			vsrv_gpadl_start_teardown(gpadl);
			break;
		case VSRV_GPADL_OFFERED_TEARDOWN:
		case VSRV_GPADL_TEARDOWN:
			break;
		}
	}
}

/**
 * vsrv_gpadls_revoke - the owner is gone, the client is to be told
 * @chan: channel that is being revoked; its owner uses nothing any more
 *
 * Context: vmbus_srv::lock held.
 */
void vsrv_gpadls_revoke(struct vsrv_chan *chan)
{
	struct vsrv_gpadl *gpadl, *tmp;

	list_for_each_entry_safe(gpadl, tmp, &chan->gpadls, node) {
		switch (gpadl->state) {
		case VSRV_GPADL_OFFERED:
			vsrv_count_why(chan->srv, VSRV_WHY_GPADL_OWNER);
			vsrv_gpadl_send_created(chan->srv, chan->id, gpadl->id, -ENODEV);
			vsrv_gpadl_remove(gpadl);
			break;
		case VSRV_GPADL_OFFERED_TEARDOWN:
			vsrv_gpadl_remove(gpadl);
			break;
		case VSRV_GPADL_TEARDOWN:
			vsrv_gpadl_torndown(gpadl);
			break;
		case VSRV_GPADL_ACCEPTED:
			gpadl->forgotten = true;
			break;
		case VSRV_GPADL_IN_PROGRESS:
			/* The owner, if there is one, has not heard of it yet. */
			break;
		}
	}
}

/**
 * vsrv_gpadls_drop - nobody knows of the channel's GPADLs any more
 * @chan: channel
 *
 * Context: vmbus_srv::lock held.
 */
void vsrv_gpadls_drop(struct vsrv_chan *chan)
{
	struct vsrv_gpadl *gpadl, *tmp;

	list_for_each_entry_safe(gpadl, tmp, &chan->gpadls, node)
		vsrv_gpadl_remove(gpadl);
}

/* ---- what the owner says -------------------------------------------------------- */

/**
 * vsrv_gpadl_create_done - answer to vsrv_chan_ops::gpadl_create
 * @chan: channel
 * @gpadl_id: the GPADL's id
 * @err: 0, or why it cannot be had
 *
 * Context: process, may sleep; takes the server's lock.
 */
void vsrv_gpadl_create_done(struct vsrv_chan *chan, u32 gpadl_id, int err)
{
	struct vmbus_srv *srv = chan->srv;
	struct vsrv_gpadl *gpadl;

	mutex_lock(&srv->lock);
	gpadl = vsrv_gpadl_find(chan, gpadl_id);
	if (!gpadl) {
		/* The client was reset meanwhile. */
	} else if (gpadl->state == VSRV_GPADL_OFFERED) {
		vsrv_gpadl_send_created(srv, chan->id, gpadl_id, err);
		vsrv_gpadl_set_state(gpadl, VSRV_GPADL_ACCEPTED);
		if (err) {
			vsrv_count_why(srv, VSRV_WHY_GPADL_OWNER);
			vsrv_gpadl_remove(gpadl);
		}
	} else if (gpadl->state == VSRV_GPADL_OFFERED_TEARDOWN) {
		if (err) {
			vsrv_gpadl_remove(gpadl);
			vsrv_chan_gpadl_gone(chan);
		} else {
			vsrv_gpadl_start_teardown(gpadl);
		}
	}
	mutex_unlock(&srv->lock);
	vsrv_kick(srv);
}
EXPORT_SYMBOL_GPL(vsrv_gpadl_create_done);

/**
 * vsrv_gpadl_teardown_done - answer to vsrv_chan_ops::gpadl_teardown
 * @chan: channel
 * @gpadl_id: the GPADL's id; nothing of the owner uses its pages any more
 *
 * Context: process, may sleep; takes the server's lock.
 */
void vsrv_gpadl_teardown_done(struct vsrv_chan *chan, u32 gpadl_id)
{
	struct vmbus_srv *srv = chan->srv;
	struct vsrv_gpadl *gpadl;

	mutex_lock(&srv->lock);
	gpadl = vsrv_gpadl_find(chan, gpadl_id);
	if (gpadl && gpadl->state == VSRV_GPADL_TEARDOWN)
		vsrv_gpadl_torndown(gpadl);
	mutex_unlock(&srv->lock);
	vsrv_kick(srv);
}
EXPORT_SYMBOL_GPL(vsrv_gpadl_teardown_done);

/**
 * vsrv_gpadl_get - use a GPADL of a channel
 * @chan: channel
 * @gpadl_id: id that the client named, in a packet or at open
 *
 * The client's teardown of it waits for vsrv_gpadl_put().
 *
 * Context: process, may sleep; takes the server's lock.
 * Return: the GPADL with a reference, or NULL if the channel has none of this
 * id that may be used.
 */
struct vsrv_gpadl *vsrv_gpadl_get(struct vsrv_chan *chan, u32 gpadl_id)
{
	struct vmbus_srv *srv = chan->srv;
	struct vsrv_gpadl *gpadl;

	mutex_lock(&srv->lock);
	gpadl = vsrv_gpadl_find(chan, gpadl_id);
	if (gpadl && gpadl->state == VSRV_GPADL_ACCEPTED && !gpadl->forgotten) {
		gpadl->users++;
		kref_get(&gpadl->ref);
	} else {
		gpadl = NULL;
	}
	mutex_unlock(&srv->lock);
	return gpadl;
}
EXPORT_SYMBOL_GPL(vsrv_gpadl_get);

/**
 * vsrv_gpadl_put - do not use a GPADL any more
 * @gpadl: from vsrv_gpadl_get()
 *
 * Context: process, may sleep; takes the server's lock.
 */
void vsrv_gpadl_put(struct vsrv_gpadl *gpadl)
{
	struct vsrv_chan *chan = gpadl->chan;
	struct vmbus_srv *srv = chan->srv;

	mutex_lock(&srv->lock);
	gpadl->users--;
	if (!list_empty(&gpadl->node) && !gpadl->users && gpadl->state == VSRV_GPADL_TEARDOWN &&
	    (gpadl->forgotten || !chan->ops->gpadl_teardown))
		vsrv_gpadl_torndown(gpadl);
	mutex_unlock(&srv->lock);
	vsrv_kick(srv);
	kref_put(&gpadl->ref, vsrv_gpadl_release);
}
EXPORT_SYMBOL_GPL(vsrv_gpadl_put);

/**
 * vsrv_gpadl_id - the client's id of a GPADL
 * @gpadl: GPADL
 *
 * Return: the id.
 */
u32 vsrv_gpadl_id(const struct vsrv_gpadl *gpadl)
{
	return gpadl->id;
}
EXPORT_SYMBOL_GPL(vsrv_gpadl_id);

/**
 * vsrv_gpadl_range_count - ranges of a GPADL
 * @gpadl: GPADL
 *
 * Return: their number.
 */
unsigned int vsrv_gpadl_range_count(const struct vsrv_gpadl *gpadl)
{
	return gpadl->range_count;
}
EXPORT_SYMBOL_GPL(vsrv_gpadl_range_count);

/**
 * vsrv_gpadl_words - range data as the client sent it
 * @gpadl: GPADL
 * @nwords: out: words
 *
 * Return: the words, in CPU byte order, valid as long as the GPADL.
 */
const u64 *vsrv_gpadl_words(const struct vsrv_gpadl *gpadl, unsigned int *nwords)
{
	*nwords = gpadl->nwords;
	return gpadl->words;
}
EXPORT_SYMBOL_GPL(vsrv_gpadl_words);

/**
 * vsrv_gpadl_next - walk the ranges of a GPADL
 * @gpadl: GPADL
 * @pos: in and out: where the next range begins, 0 for the first
 * @len: out: bytes, not 0
 * @offset: out: of the first byte in the first page
 * @pfns: out: guest page frame numbers, not checked against guest memory
 * @npfns: out: their number
 *
 * Return: 0, or -EINVAL if there is no range at @pos.
 */
int vsrv_gpadl_next(const struct vsrv_gpadl *gpadl, u32 *pos, u32 *len, u32 *offset,
		    const u64 **pfns, unsigned int *npfns)
{
	int next = vsrv_gpadl_parse(gpadl, *pos, len, offset, npfns);

	if (next < 0)
		return next;
	*pfns = &gpadl->words[*pos + 1];
	*pos = next;
	return 0;
}
EXPORT_SYMBOL_GPL(vsrv_gpadl_next);

/**
 * vsrv_gpadl_range - one range of a GPADL
 * @gpadl: GPADL
 * @index: which
 * @len: out: bytes, not 0
 * @offset: out: of the first byte in the first page
 * @pfns: out: guest page frame numbers, not checked against guest memory
 * @npfns: out: their number
 *
 * Looks at all ranges before: to walk them use vsrv_gpadl_next().
 *
 * Return: 0, or -EINVAL if there is no such range.
 */
int vsrv_gpadl_range(const struct vsrv_gpadl *gpadl, unsigned int index, u32 *len, u32 *offset,
		     const u64 **pfns, unsigned int *npfns)
{
	unsigned int i;
	u32 pos = 0;
	int err = 0;

	if (index >= gpadl->range_count)
		return -EINVAL;
	for (i = 0; i <= index && !err; i++)
		err = vsrv_gpadl_next(gpadl, &pos, len, offset, pfns, npfns);
	return err;
}
EXPORT_SYMBOL_GPL(vsrv_gpadl_range);
