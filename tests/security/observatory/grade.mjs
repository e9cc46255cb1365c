// Has Mozilla's Observatory look at a site that is on this machine, and prints what it says as JSON.
//
// node grade.mjs FOLDER HOST PLAIN ENCRYPTED PATH: FOLDER is the package's, HOST the name it asks for. Its ports 80 and
// 443 are PLAIN and ENCRYPTED here, whatever host is named: nothing is asked of another machine.
import net from "node:net";
import { pathToFileURL } from "node:url";

const [folder, host, plain, encrypted, path] = process.argv.slice(2);
const ports = { 80: Number(plain), 443: Number(encrypted) };

const connect = net.Socket.prototype.connect;
net.Socket.prototype.connect = function (...given) {
  const options = Array.isArray(given[0]) ? given[0][0] : given[0];
  const port = ports[options.port];
  if (options.host !== host || port === undefined) {
    throw new Error(`asked for ${options.host}:${options.port}`);
  }
  Object.assign(options, { host: "127.0.0.1", port });
  return connect.apply(this, given);
};

const load = (name) => import(pathToFileURL(`${folder}/src/${name}`));
const { retrieve } = await load("retriever/retriever.js");
const { ALL_TESTS, ALGORITHM_VERSION } = await load("constants.js");
const { getGradeForScore, getScoreModifier } = await load("grader/grader.js");
const { MINIMUM_SCORE_FOR_EXTRA_CREDIT } = await load("grader/charts.js");

const seen = await retrieve(host, { path });
if (!seen.responses.auto || !seen.responses.http) {
  throw new Error(`${host} did not answer ${seen.responses.auto ? "without" : "with"} TLS`);
}
const tests = ALL_TESTS.map((test) => {
  const said = test(seen);
  const name = said.constructor.name;
  return { name, result: said.result, passed: said.pass, points: said.result ? getScoreModifier(said.result) : 0 };
});
// As its own scanner counts: extra points only where what is missing leaves an A (src/scanner/index.js).
const sum = (points) => points.reduce((all, one) => all + one, 100);
const without = sum(tests.map(({ points }) => Math.min(points, 0)));
const score = without >= MINIMUM_SCORE_FOR_EXTRA_CREDIT ? sum(tests.map(({ points }) => points)) : without;
const { status } = seen.responses.auto;
const final = getGradeForScore(score);
console.log(JSON.stringify({ ...final, status, verified: seen.responses.auto.verified, version: ALGORITHM_VERSION, tests }));
