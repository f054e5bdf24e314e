'use strict';

// Puts a Map of ours where the sign-in module keeps Palette's session tokens, and sends each change
// to the service. Whatever fails here stays here: people must be able to sign in.
const { SessionMap } = require('./map.js');
const { NotSent, Outbox } = require('./outbox.js');
const { readSettings } = require('./settings.js');

const CACHE = '__SPECTROCLOUD_TOKEN_CACHE__'; // on the global object, as the sign-in module has it
const PLUGIN = 'spectrocloud';
const DAY_MS = 24 * 60 * 60 * 1000; // no session lasts that long, so its removal need not either
const MAX_EMAIL = 320;
const MAX_TOKEN = 32 * 1024;
// The sign-in module may have it out of a query, and never looks what it is.
const TOKEN = /^[\x21-\x7e]+$/;

// Answers that mean: this one never. All others may be of another opinion later.
const FINAL = new Set([400, 413, 414, 422, 431]);

// '.' and '..' would not stay what they are in a path.
function segmentOf(email) {
  if (typeof email !== 'string' || email.length === 0 || email.length > MAX_EMAIL) return undefined;
  if (email === '.' || email === '..' || !email.isWellFormed()) return undefined;
  return encodeURIComponent(email);
}

// The sign-in module writes the `exp` of a token: seconds. Should it ever write milliseconds, they
// are as easily told apart: no such number is between the year 1973 and the year 5138.
function expiryOf({ expiresAt }) {
  if (!Number.isFinite(expiresAt) || expiresAt <= 0) return undefined;
  return Math.floor(expiresAt < 1e11 ? expiresAt * 1000 : expiresAt);
}

// What to send for a session; nothing if it is no session.
function messageOf(email, session) {
  const segment = segmentOf(email);
  const { token } = session;
  const expiresAt = expiryOf(session);
  if (segment === undefined || expiresAt === undefined) return undefined;
  if (typeof token !== 'string' || token.length > MAX_TOKEN || !TOKEN.test(token)) return undefined;
  if (expiresAt <= Date.now()) return removalOf(email); // it took the place of one that is good
  return { email, segment, method: 'PUT', giveUpAt: expiresAt,
    body: JSON.stringify({ token, expiresAt }) };
}

function removalOf(email) {
  const segment = segmentOf(email);
  return segment && { email, segment, method: 'DELETE', giveUpAt: Date.now() + DAY_MS };
}

// An error of the network, in words that are safe: no message, whatever made it.
const nameOf = error => error?.cause?.code ?? error?.code ?? error?.cause?.name ?? error?.name;

// Rejects as soon as signal is aborted, also if work takes no notice of that.
function orAborted(work, signal, reason) {
  return new Promise((resolve, reject) => {
    const give = () => reject(reason());
    if (signal.aborted) give();
    signal.addEventListener('abort', give, { once: true });
    work.then(resolve, reject).finally(() => signal.removeEventListener('abort', give));
  });
}

function sender({ auth, discovery, timeout }) {
  async function attempt(what, work) {
    try {
      return await work();
    } catch (error) {
      throw new NotSent(`${what} (${nameOf(error)})`);
    }
  }

  async function transfer({ method, segment, body }, signal) {
    const base = await attempt('Backstage does not say where the service is',
      () => discovery.getBaseUrl(PLUGIN));
    const { token } = await attempt('Backstage gives no plugin token', async () =>
      auth.getPluginRequestToken({
        onBehalfOf: await auth.getOwnServiceCredentials(), targetPluginId: PLUGIN,
      }));
    signal.throwIfAborted(); // fetch is not reached by those who have given up
    const answer = await attempt('the service cannot be reached', () =>
      fetch(`${base}/session-tokens/${segment}`, {
        method, body, signal,
        redirect: 'error', // the token goes nowhere else
        headers: {
          authorization: `Bearer ${token}`,
          ...(body ? { 'content-type': 'application/json' } : {}),
        },
      }));
    answer.body?.cancel().catch(() => {});
    return answer.status;
  }

  return async (message, stopped) => {
    const deadline = new AbortController();
    const timer = setTimeout(() => deadline.abort(), timeout);
    const signal = AbortSignal.any([deadline.signal, stopped]);
    try {
      const status = await orAborted(transfer(message, signal), signal,
        () => new NotSent(`no answer of the service within ${timeout} ms`));
      if (status >= 200 && status < 300) return;
      if (status === 404 && message.method === 'DELETE') return; // there is none to remove
      throw new NotSent(`the service answers ${status}`, { final: FINAL.has(status) });
    } finally {
      clearTimeout(timer);
    }
  };
}

// A logger that throws would be an exception of ours in the eyes of the caller.
function careful(logger) {
  const say = level => text => {
    try {
      logger[level](text);
    } catch {
      // nobody is left to tell
    }
  };
  return { debug: say('debug'), info: say('info'), warn: say('warn'), error: say('error') };
}

function takeOver(outbox, logger) {
  const guarded = make => (...change) => {
    try {
      const message = make(...change);
      if (message) outbox.add(message);
      else logger.debug('Palette sessions: a change is none that can be sent');
    } catch (error) {
      logger.warn(`Palette sessions: a change is not sent (${error?.name})`);
    }
  };
  const tell = { stored: guarded(messageOf), removed: guarded(removalOf) };
  const before = globalThis[CACHE] instanceof Map ? globalThis[CACHE] : new Map();
  const sessions = new SessionMap(before, tell);
  globalThis[CACHE] = sessions;
  for (const [email, session] of sessions) tell.stored(email, session);
  return sessions;
}

// Returns what ends it: close(ms), at the latest after ms. Undefined if it is switched off or
// cannot start. limit: how many changes may wait.
function startBridge({ auth, config, discovery, limit, ...services }) {
  const logger = careful(services.logger);
  try {
    const { enabled, timeout, retryDelay } = readSettings(config, logger);
    if (!enabled) {
      logger.info('Palette sessions stay in this process: the bridge is switched off');
      return undefined;
    }
    const send = sender({ auth, discovery, timeout });
    const outbox = new Outbox({ send, logger, retryDelay, limit });
    const sessions = takeOver(outbox, logger);
    logger.info('Palette sessions go to the plugin spectrocloud');
    return {
      sessions,
      waiting: () => outbox.size,
      async close(ms) {
        // Whoever comes after this Backstage, in the same process, finds a Map as it was before us.
        if (globalThis[CACHE] === sessions) globalThis[CACHE] = new Map(sessions);
        await outbox.close(ms);
      },
    };
  } catch (error) {
    logger.error(`Palette sessions do not go to the service: the bridge fails (${error?.name})`);
    return undefined;
  }
}

module.exports = { startBridge };
