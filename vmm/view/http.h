/* SPDX-License-Identifier: BSD-2-Clause */
/* Metrics by HTTP. Who asks is not trusted: there are HTTP_CLIENTS of them at once, each with a
 * bounded buffer and HTTP_PATIENCE_S for its request, and guests are asked for one at a time. */
#ifndef VMM_VIEW_HTTP_H
#define VMM_VIEW_HTTP_H

#include "vmm/base/cli.h"
#include "vmm/client/options.h"

#define HTTP_CLIENTS    32
#define HTTP_PATIENCE_S 10
#define HTTP_BUFFER     (32u << 10) /* bytes */

/* Listens at config->listen and answers until SIGTERM or SIGINT. Returns the exit status. */
enum exit_status http_serve(const struct metrics_config *config);

#endif
