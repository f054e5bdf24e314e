/*
 * Tells the service manager how the process is: systemd's protocol, a datagram to the socket that
 * the variable NOTIFY_SOCKET names. Without that variable nothing is sent. Any thread; does not
 * wait: a manager that does not read misses what is said.
 */
#ifndef APP_NOTIFY_H
#define APP_NOTIFY_H

#include <stdbool.h>
#include <stdint.h>

/* Requests are served from now on; also at the end of notify_reloading(). */
void notify_ready(void);
/* The configuration is read again, until notify_ready(). */
void notify_reloading(void);
/* The way out has begun. */
void notify_stopping(void);

/* How often notify_alive() has to be called: half of the time that WATCHDOG_USEC allows, if that
 * and WATCHDOG_PID mean this process; else 0. */
int64_t notify_alive_every_ms(void);
/* The process is well. */
void notify_alive(void);

#endif
