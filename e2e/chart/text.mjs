// Text stays text: values that look like numbers to YAML are rendered once as such and once as words, and must come out alike.
import assert from 'node:assert/strict';
import { parse } from 'yaml';
import { CHART, check, nameOf, objectsOf, program } from './harness.mjs';

/** Texts of three digits that YAML takes for numbers where nothing quotes them. */
const FORMS = [
  ['exponents', (digits) => `${digits}e1`],
  ['octal numbers', (digits) => `0${digits}`],
  ['octal numbers of YAML 1.2', (digits) => `0o${digits}`],
  ['dates', (digits) => `2${digits}-01-01`],
];
const word = (digits) => `x${digits}`;

/** Every value that is a name or other text which may consist of digits, made by `text`. */
const valuesOf = (text) => ({
  fullnameOverride: 'store',
  nameOverride: text(101),
  commonLabels: { owner: text(102) },
  imagePullSecrets: [{ name: text(103) }],
  region: text(104),
  domains: [text(105)],
  identities: [
    {
      name: text(106),
      secretRef: { name: text(107), accessKeyIdKey: text(110), secretAccessKeyKey: text(111) },
    },
  ],
  buckets: [
    {
      name: text(112),
      path: `/${text(113)}`,
      grants: [{ identity: text(106), mode: 'read-only', prefix: text(114) }],
      cors: [{ id: text(115), allowedOrigins: [text(116)], allowedMethods: ['GET'], exposeHeaders: [text(117)] }],
    },
  ],
  bucketRoot: { path: '/', create: [text(106)] },
  storages: [
    {
      name: text(120),
      mount: '/',
      claim: { size: '1Gi', storageClassName: text(121), volumeName: text(122), annotations: { note: text(123) } },
      subPath: text(124),
    },
    { name: text(125), mount: `/${text(126)}`, existingClaim: text(127) },
    { name: text(130), mount: '/nfs', nfs: { server: text(131), path: `/${text(132)}` } },
    { name: text(133), mount: '/csi', volume: { csi: { driver: text(134) } } },
    {
      name: text(135),
      mount: '/openlist',
      openlist: {
        url: 'http://openlist',
        tokenSecretRef: { name: text(136), key: text(137) },
        allowedRedirectHosts: [text(140)],
      },
    },
    {
      name: text(141),
      mount: '/s3',
      s3: {
        endpoint: 'http://rgw',
        region: text(142),
        bucket: text(143),
        prefix: text(144),
        accessKeyIdSecretRef: { name: text(145), key: text(146) },
        secretAccessKeySecretRef: { name: text(145), key: text(147) },
      },
    },
  ],
  endpointCA: { secretName: text(150), key: text(151) },
  policy: {
    preset: 'strict',
    rules: [
      {
        namespaces: { names: [text(152)], selector: { matchLabels: { tenant: text(153) } } },
        paths: [{ prefix: `/${text(154)}` }],
        bucketNames: { prefix: text(155), exact: [text(156)] },
      },
    ],
  },
  gateway: {
    replicas: 1,
    image: { repository: text(157), tag: text(160) },
    serviceAccount: { create: true, name: text(161), annotations: { note: text(162) } },
    service: { type: 'LoadBalancer', loadBalancerClass: text(163) },
    nodeSelector: { disk: text(164) },
    priorityClassName: text(165),
    podLabels: { tier: text(166) },
    podAnnotations: { note: text(167) },
    extraEnv: [{ name: 'TEXT', value: text(170) }],
  },
  operator: {
    serviceAccount: { create: false, name: text(171) },
    priorityClassName: text(172),
    watchNamespaces: [text(173)],
  },
  tls: { enabled: true, secretName: text(174), certManager: { enabled: true, issuerRef: { name: text(175) } } },
  ingress: {
    enabled: true,
    className: text(176),
    hosts: [text(177)],
    tls: [{ hosts: [text(177)], secretName: text(200) }],
  },
  httpRoute: { enabled: true, parentRefs: [{ name: text(201) }], hostnames: [text(202)] },
  metrics: {
    serviceMonitor: { enabled: true, labels: { release: text(203) } },
    dashboard: { enabled: true, annotations: { folder: text(204) } },
  },
  test: { path: `/${text(205)}` },
});

async function objects(text) {
  const args = ['template', text(206), CHART, '--namespace', text(207), '--values', '-'];
  const found = objectsOf(await program('helm', args, JSON.stringify(valuesOf(text))));
  // Sums of text differ with the text.
  const isSum = (name) => name.startsWith('checksum/');
  return found.map((object) => strip(withConfiguration(object), isSum));
}

/** The object with the programs' own configuration as data. */
function withConfiguration(object) {
  if (object.kind !== 'ConfigMap') return object;
  const data = Object.entries(object.data).map(([name, text]) => [name, name.endsWith('.yaml') ? parse(text) : text]);
  return { ...object, data: Object.fromEntries(data) };
}

function strip(value, isLeftOut) {
  if (Array.isArray(value)) return value.map((item) => strip(item, isLeftOut));
  if (typeof value !== 'object' || value === null) return value;
  return Object.fromEntries(
    Object.entries(value).flatMap(([name, member]) => (isLeftOut(name) ? [] : [[name, strip(member, isLeftOut)]])),
  );
}

/** Puts another form of text in the place of words. */
const replaced = (value, text) =>
  JSON.parse(JSON.stringify(value).replaceAll(/\bx([0-7]{3})\b/g, (_, digits) => text(digits)));

const words = await objects(word);
for (const [what, text] of FORMS) {
  await check(`text that looks like ${what} stays text wherever the chart writes it`, async () => {
    const expected = replaced(words, text);
    const actual = await objects(text);
    assert.deepEqual(actual.map(nameOf), expected.map(nameOf));
    for (const [index, object] of actual.entries()) assert.deepEqual(object, expected[index], nameOf(object));
  });
}

await check('words of YAML that mean true and false stay text', async () => {
  const values = { region: 'on', gateway: { accessLog: 'off' } };
  const found = objectsOf(await program('helm', ['template', 'x', CHART, '--values', '-'], JSON.stringify(values)));
  const gateway = found.find(({ kind, metadata }) => kind === 'ConfigMap' && metadata.name.endsWith('-gateway'));
  // As YAML 1.1 would, which is what Go and most tools read.
  const configuration = parse(gateway.data['bucketway.yaml'], { version: '1.1' });
  assert.deepEqual([configuration.region, configuration.accessLog], ['on', 'off']);
});
