// Minutes of a service's life: all acts of a scene, each in its own time, busier and quieter.
import { sleep } from '../../contract/backstage.mjs';

// How often each act begins, on average, at one replica: seconds between two.
const EVERY = { read: 0.15, list: 0.3, several: 10, agent: 0.7, mcp: 2, plugin: 5, denied: 9, stranger: 8, lost: 20,
  create: 12, createTwice: 30, uncertain: 60, away: 2, crowd: 45, follow: 25, session: 30, revoked: 60, reload: 70,
  badReload: 150 };

// Busier and quieter, as days are.
const tide = (done, phase) => 1 + 0.8 * Math.sin(done * 3 * Math.PI + phase);

// Lasts so many minutes. Returns the time that it took: { from, to } in seconds.
export async function live(scene, minutes) {
  const begin = Date.now();
  const end = begin + minutes * 60000;
  const running = [];
  const acting = new Set();
  scene.replicas.forEach(({ acts }, i) => {
    for (const [name, every] of Object.entries(EVERY))
      running.push((async () => {
        for (;;) {
          const pace = every < 1 ? tide((Date.now() - begin) / (end - begin), i) : 1;
          const pause = -Math.log(1 - Math.random()) * every * 1000 / pace;
          if (Date.now() + pause >= end) return;
          await sleep(pause);
          const act = acts[name]().catch(error => console.error(`${name}: ${error.message}`));
          acting.add(act);
          act.finally(() => acting.delete(act));
        }
      })());
  });
  await Promise.all(running);
  await Promise.all(acting);
  return { from: begin / 1000, to: end / 1000 };
}
