/* SPDX-License-Identifier: GPL-2.0-only */
#ifndef _VRELAY_DEV_H
#define _VRELAY_DEV_H

#include "client.h"

struct vrelay_dev *vrelay_dev_create(struct vrelay_hchan *hchan);
void vrelay_dev_destroy(struct vrelay_dev *dev);
void vrelay_dev_answer(struct vrelay_dev *dev, int err);
void vrelay_dev_flush(struct vrelay_dev *dev);

#endif /* _VRELAY_DEV_H */
