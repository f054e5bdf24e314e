// Who asks in a soak, and with which of Palette's credentials each of their requests has to be answered.
import { note, now, pluginToken, userToken } from '../contract/backstage.mjs';

export const REAUTH = 'x-spectrocloud-reauth-required';
// How the simulators call the environment's apiToken, which is told them after the harness's own key.
export const ENVIRONMENT_KEY = 'key:1';

// The sessions that have been kept for one person, as far as this side can know.
export class Kept {
  #history = []; // { credential (null: none), sent, sure }

  // Returns what is called when the service has said that it is done.
  begin(credential) {
    const one = { credential, sent: Date.now(), sure: Infinity };
    this.#history.push(one);
    if (this.#history.length > 40) this.#history.splice(0, 20);
    return () => { one.sure = Date.now(); };
  }

  get since() { return this.#history.findLast(one => one.sure < Infinity)?.sent ?? 0; }

  // Each that may have been in force at some time between these.
  inForce(from, to) {
    let some = [null];
    for (const { credential, sent, sure } of this.#history)
      if (sure <= from) some = [credential];
      else if (sent <= to) some.push(credential);
    return [...new Set(some)];
  }
}

// sessions: of each environment, [{ token, credential }].
export class Person {
  constructor(name, backstage, { kept = [], sent = {} } = {}) {
    Object.assign(this, { name, backstage, keeps: kept, sent, kept: new Kept(), signOut: false });
    this.ref = `user:default/${name}`;
    this.email = `${name}@example.com`;
    this.renew();
  }

  // Another token of Backstage's, of the same person.
  renew() {
    this.token = userToken(this.backstage.users[0], { sub: this.ref, exp: now() + 7200 });
    this.agentToken = pluginToken(this.backstage.plugins.catalog[0], { obo: this.token, exp: now() + 7200 });
  }
}

// How a request goes out: headers, and credentialsOf(answer), those that may have been used for it.
// mayBeGone(person, from, to): whether a kept session may have been dropped by then.
export function asPerson(person, environment, mayBeGone) {
  const headers = { authorization: `Bearer ${person.token}` };
  const sent = person.sent[environment];
  if (environment === 'first' && person.keeps.length > 0) {
    headers['x-spectrocloud-user-email'] = person.email;
    return { headers, credentialsOf: answer => keptCredentials(person, answer, mayBeGone) };
  }
  if (sent === undefined) return { headers, credentialsOf: () => [ENVIRONMENT_KEY] };
  headers['x-spectrocloud-token'] = sent.token;
  return { headers, credentialsOf: () => [sent.credential] };
}

function keptCredentials(person, { headers, from, to }, mayBeGone) {
  const inForce = person.kept.inForce(from, to);
  if (headers[REAUTH] === undefined) return inForce.filter(Boolean);
  person.signOut = true;
  return inForce.includes(null) || mayBeGone(person, from, to) ? [ENVIRONMENT_KEY] : [];
}

// Agents have no headers of ours: the session of whoever they act for is used, and nothing says if there was none.
export function asAgentOf(person, environment, mayBeGone, direct) {
  const headers = { authorization: `Bearer ${direct ? person.token : person.agentToken}` };
  if (environment !== 'first' || person.keeps.length === 0)
    return { headers, credentialsOf: () => [ENVIRONMENT_KEY] };
  return { headers, credentialsOf: ({ from, to }) => {
    const inForce = person.kept.inForce(from, to);
    const gone = inForce.includes(null) || mayBeGone(person, from, to);
    return [...inForce.filter(Boolean), ...(gone ? [ENVIRONMENT_KEY] : [])];
  } };
}

export const isOwn = credential => credential !== ENVIRONMENT_KEY;

let made = 0;
// A Palette session as the simulator is told of it, and how it calls it: the n-th of its own.
export const newSession = (environment, n, projects) => {
  const token = note(`soak-session-of-${environment}-${++made}`);
  return { token, credential: `session:${n}`, option: projects ? `${token}:projects=${projects}` : token };
};
