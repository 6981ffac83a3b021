// SPDX-License-Identifier: GPL-2.0-only
/*
 * What a monitor may want to hear.  There is one record for each type of event, and
 * what happens again before it was read is counted in it.
 */
#include <linux/poll.h>
#include <kunit/visibility.h>
#include "vpart.h"

/**
 * vpart_events_init - nothing has happened
 * @part: partition
 */
void vpart_events_init(struct vmbus_partition *part)
{
	struct vpart_events *ev = &part->events;
	unsigned int i;

	spin_lock_init(&ev->lock);
	init_waitqueue_head(&ev->wait);
	INIT_LIST_HEAD(&ev->queue);
	for (i = 0; i < VPART_EVENT_TYPES; i++)
		INIT_LIST_HEAD(&ev->records[i].node);
}

/**
 * vpart_events_clear - what has happened is not for the next monitor
 * @part: partition
 *
 * Context: process.
 */
void vpart_events_clear(struct vmbus_partition *part)
{
	struct vmbus_partition_event event;

	while (vpart_events_take(part, &event))
		;
}

/**
 * vpart_event - something has happened
 * @part: partition
 * @type: VMBUS_PARTITION_EVENT_*
 * @data: see there
 *
 * Context: any.
 */
void vpart_event(struct vmbus_partition *part, u32 type, u64 data)
{
	struct vpart_events *ev = &part->events;
	struct vpart_event_record *r = &ev->records[type];
	unsigned long flags;

	spin_lock_irqsave(&ev->lock, flags);
	if (list_empty(&r->node))
		list_add_tail(&r->node, &ev->queue);
	r->count++;
	r->data = data;
	spin_unlock_irqrestore(&ev->lock, flags);
	wake_up_interruptible_poll(&ev->wait, EPOLLIN | EPOLLRDNORM);
}
EXPORT_SYMBOL_GPL(vpart_event);

/**
 * vpart_events_pending - is there something to read?
 * @part: partition
 *
 * Context: any.
 * Return: true if there is.
 */
bool vpart_events_pending(struct vmbus_partition *part)
{
	/* Whoever adds wakes us afterwards. */
	return !list_empty_careful(&part->events.queue);
}

/**
 * vpart_events_take - take the record that has waited longest
 * @part: partition
 * @event: out: the record
 *
 * Context: process.
 * Return: false if there is none.
 */
bool vpart_events_take(struct vmbus_partition *part, struct vmbus_partition_event *event)
{
	struct vpart_events *ev = &part->events;
	struct vpart_event_record *r;

	spin_lock_irq(&ev->lock);
	r = list_first_entry_or_null(&ev->queue, struct vpart_event_record, node);
	if (r) {
		*event = (struct vmbus_partition_event) {
			.type = r - ev->records,
			.count = r->count,
			.data = r->data,
		};
		list_del_init(&r->node);
		r->count = 0;
	}
	spin_unlock_irq(&ev->lock);
	return r;
}
EXPORT_SYMBOL_IF_KUNIT(vpart_events_take);

/**
 * vpart_events_put_back - a record did not reach anybody
 * @part: partition
 * @event: from vpart_events_take()
 *
 * Context: process.
 */
void vpart_events_put_back(struct vmbus_partition *part, const struct vmbus_partition_event *event)
{
	struct vpart_events *ev = &part->events;
	struct vpart_event_record *r = &ev->records[event->type];

	spin_lock_irq(&ev->lock);
	if (list_empty(&r->node)) {
		list_add(&r->node, &ev->queue);
		r->data = event->data;
	}
	r->count += event->count;
	spin_unlock_irq(&ev->lock);
	/* Another reader may have seen an empty queue. */
	wake_up_interruptible_poll(&ev->wait, EPOLLIN | EPOLLRDNORM);
}
EXPORT_SYMBOL_IF_KUNIT(vpart_events_put_back);

/**
 * vpart_bad_gpa - a page that the guest has named was refused
 * @part: partition
 * @pfn: its page frame number
 *
 * Context: any.
 */
void vpart_bad_gpa(struct vmbus_partition *part, u64 pfn)
{
	vpart_count(part, VPART_BAD_GPAS);
	vpart_event(part, VMBUS_PARTITION_EVENT_FAULT, pfn);
}
