// What is refused before anything is installed: by the schema, or by the templates with the value's name. Everything that
// would have a program end at its start belongs here.
import assert from 'node:assert/strict';
import { CHART, check, objectsOf, program } from './harness.mjs';

const claim = (mount, more) => ({ name: `at${mount.replaceAll(/\W/g, '')}`, mount, existingClaim: 'x', ...more });
const storage = (kind, members) => ({ storages: [{ name: 'a', mount: '/', [kind]: members }] });
const secret = (key) => ({ name: 'secret', key });
const openlist = (members) => storage('openlist', { url: 'http://x', tokenSecretRef: secret('t'), ...members });
const webdav = (members) => storage('webdav', { url: 'http://x', ...members });
const s3 = (members) =>
  storage('s3', {
    endpoint: 'http://x',
    bucket: 'shared',
    accessKeyIdSecretRef: secret('id'),
    secretAccessKeySecretRef: secret('key'),
    ...members,
  });
const identity = (name, secretName = name) => ({ name, secretRef: { name: secretName } });
const bucket = (members) => ({ buckets: [{ name: 'photos', path: '/photos', ...members }] });
const cors = (members) => bucket({ cors: [{ allowedOrigins: ['*'], allowedMethods: ['GET'], ...members }] });
const rule = (members) => ({
  policy: { rules: [{ namespaces: { names: ['a'] }, paths: [{ prefix: '/a' }], ...members }] },
});
const expression = (members) => rule({ namespaces: { selector: { matchExpressions: [{ key: 'k', ...members }] } } });

const REFUSED = [
  ['an unknown value', { gateways: {} }, /'gateways' not allowed/],
  ['an unknown member', { gateway: { replica: 3 } }, /'replica' not allowed/],
  [
    'an unknown member of a list',
    { storages: [{ name: 'a', mount: '/', emptyDir: {}, root: '/x' }] },
    /'root' not allowed/,
  ],
  ['a storage of no kind', { storages: [{ name: 'a', mount: '/' }] }, /\/storages\/0/],
  ['a storage of two kinds', { storages: [{ name: 'a', mount: '/', emptyDir: {}, existingClaim: 'x' }] }, /oneOf/],
  ['a storage without a mount', { storages: [{ name: 'a', emptyDir: {} }] }, /'mount'/],
  [
    'a secret in the values',
    { storages: [{ name: 'a', mount: '/', openlist: { url: 'http://x', token: 'y' } }] },
    /'token' not allowed/,
  ],
  ['no storage at all', { storages: [] }, /minItems/],
  ['text for a number', { gateway: { replicas: 'three' } }, /\/gateway\/replicas/],
  ['a preset that does not exist', { policy: { preset: 'open' } }, /\/policy\/preset/],
  ['a rule without paths', { policy: { rules: [{ namespaces: { names: ['a'] } }] } }, /'paths'/],
  ['a rule for nobody', { policy: { rules: [{ namespaces: {}, paths: [{ prefix: '/' }] }] } }, /minProperties/],
  ['an endpoint with a path', { endpoint: 'https://s3.example.com/base' }, /\/endpoint/],
  ['two sources of the authority', { endpointCA: { secretName: 'a', configMapName: 'b' } }, /\/endpointCA/],
  ['an emptyDir for two pods', { storages: [{ name: 'a', mount: '/', emptyDir: {} }] }, /set gateway\.replicas to 1/],
  [
    'two storages of one name',
    {
      storages: [
        { name: 'a', mount: '/', existingClaim: 'x' },
        { name: 'a', mount: '/b', existingClaim: 'x' },
      ],
    },
    /two of the name a/,
  ],
  [
    'two storages at one place',
    {
      storages: [
        { name: 'a', mount: '/', existingClaim: 'x' },
        { name: 'b', mount: '/', existingClaim: 'x' },
      ],
    },
    /two at \//,
  ],
  ['TLS without a certificate', { tls: { enabled: true } }, /tls\.secretName/],
  ['an Ingress without hosts', { ingress: { enabled: true } }, /ingress\.hosts/],
  ['a route without parents', { httpRoute: { enabled: true } }, /httpRoute\.parentRefs/],
  [
    'a ServiceMonitor without its Services',
    { metrics: { service: { enabled: false }, serviceMonitor: { enabled: true } } },
    /metrics\.service\.enabled/,
  ],
  ...['/a/', '/a//b', '/a/../b', '/./a', '/a\\b', '/a\nb', 'a'].map((path) => [
    `a mount at ${JSON.stringify(path)}`,
    { storages: [claim(path)] },
    /\/storages\/0\/mount/,
  ]),
  ['a path of a bucket with ..', bucket({ path: '/a/..' }), /\/buckets\/0\/path/],
  ["a bucket of the gateway's own files", bucket({ path: '/a/.Bucketway/x' }), /buckets: photos: .*\.bucketway/],
  ['a bucket without a storage', { storages: [claim('/a')], ...bucket({}) }, /buckets: photos: no storage/],
  ...['Photos', 'ab', 'a..b', '-ab', '10.0.0.1', 'a_b'].map((name) => [
    `a bucket of the name ${name}`,
    bucket({ name }),
    /\/buckets\/0\/name/,
  ]),
  [
    'two buckets of one name',
    { buckets: [...bucket({}).buckets, ...bucket({ path: '/b' }).buckets] },
    /buckets: there are two of the name photos/,
  ],
  [
    'a grant to nobody',
    { identities: [identity('main')], ...bucket({ grants: [{ identity: 'mian', mode: 'admin' }] }) },
    /buckets: photos: no identity is named mian/,
  ],
  ['a grant of nothing', bucket({ grants: [{ identity: 'a', mode: [] }] }), /\/buckets\/0\/grants\/0\/mode/],
  ['a quota of nothing', bucket({ quota: { maxBytes: 0 } }), /\/buckets\/0\/quota\/maxBytes/],
  ['a method that CORS has not', cors({ allowedMethods: ['PATCH'] }), /\/buckets\/0\/cors\/0\/allowedMethods\/0/],
  ['a CORS rule for no origin', cors({ allowedOrigins: [] }), /\/buckets\/0\/cors\/0\/allowedOrigins/],
  ['an origin with two stars', cors({ allowedOrigins: ['*.*'] }), /\/buckets\/0\/cors\/0\/allowedOrigins\/0/],
  ['a header with a colon', cors({ exposeHeaders: ['etag:'] }), /\/buckets\/0\/cors\/0\/exposeHeaders\/0/],
  ['an unknown member of a CORS rule', cors({ allowedHeader: ['*'] }), /'allowedHeader' not allowed/],
  ['a root of buckets without a path', { bucketRoot: { create: [] } }, /\/bucketRoot/],
  ['a root of buckets for nobody', { bucketRoot: { path: '/', create: ['main'] } }, /bucketRoot\.create: no identity/],
  [
    'a root of buckets without a storage',
    { storages: [claim('/a')], bucketRoot: { path: '/b' } },
    /bucketRoot\.path: no storage/,
  ],
  ['a root of buckets on an upstream', { ...s3({}), bucketRoot: { path: '/b' } }, /bucketRoot\.path: .*s3 storage a/],
  ['two identities of one name', { identities: [identity('a'), identity('a', 'b')] }, /identities: there are two/],
  [
    'two identities with one key',
    { identities: [identity('a', 's'), identity('b', 's')] },
    /a and b have one access key/,
  ],
  ['an identity of the name ..', { identities: [identity('..')] }, /\/identities\/0\/name/],
  ['a domain with a scheme', { domains: ['https://s3.example.com'] }, /\/domains\/0/],
  ['an address with its port', { listenHost: '0.0.0.0:9000' }, /\/listenHost/],
  ['no address', { listenHost: '' }, /\/listenHost/],
  ['an endpoint with a space', { endpoint: 'https://s3 example.com' }, /\/endpoint/],
  ['a URL without a scheme', openlist({ url: 'openlist:5244' }), /\/openlist\/url/],
  ['a URL with credentials', webdav({ url: 'https://me:secret@dav.example.com' }), /\/webdav\/url/],
  ['a URL with a query', webdav({ url: 'https://dav.example.com/?a=b' }), /\/webdav\/url/],
  ['an upstream with a path', s3({ endpoint: 'http://rgw/base' }), /\/s3\/endpoint/],
  ['a timeout of nothing', openlist({ connectTimeoutSeconds: 0 }), /\/openlist\/connectTimeoutSeconds/],
  ['a timeout of a day', s3({ idleTimeoutSeconds: 86400 }), /\/s3\/idleTimeoutSeconds/],
  ['a cache of the past', webdav({ listingCacheSeconds: -1 }), /\/webdav\/listingCacheSeconds/],
  ['a refresh of the past', openlist({ refresh: { olderThanSeconds: -1 } }), /\/openlist\/refresh/],
  [
    'a host to redirect to with a scheme',
    openlist({ allowedRedirectHosts: ['http://x'] }),
    /\/allowedRedirectHosts\/0/,
  ],
  ['a path in OpenList with a slash at its end', openlist({ path: '/a/' }), /\/openlist\/path/],
  ['a user without a password', webdav({ usernameSecretRef: secret('u') }), /\/webdav/],
  ['a password without a user', webdav({ passwordSecretRef: secret('p') }), /\/webdav/],
  ['a scheme without a user', webdav({ authentication: 'digest' }), /\/webdav/],
  [
    'a user and a token',
    webdav({
      usernameSecretRef: secret('u'),
      passwordSecretRef: secret('p'),
      bearerTokenSecretRef: secret('t'),
    }),
    /\/webdav/,
  ],
  ['an upstream bucket with a slash', s3({ bucket: 'shared/team' }), /\/s3\/bucket/],
  ['an upstream prefix with a slash at its start', s3({ prefix: '/team' }), /\/s3\/prefix/],
  ['an upstream region with a space', s3({ region: 'us east' }), /\/s3\/region/],
  [
    'the files of a server twice',
    {
      storages: [
        { name: 'a', mount: '/a', webdav: { url: 'http://dav/files' } },
        { name: 'b', mount: '/b', webdav: { url: 'http://dav/files/photos/' } },
      ],
    },
    /storages: a and b serve the same files/,
  ],
  ['a namespace in upper case', { operator: { watchNamespaces: ['Team'] } }, /\/operator\/watchNamespaces\/0/],
  ['a rule for a namespace with a star', rule({ namespaces: { names: ['team-*'] } }), /\/namespaces\/names\/0/],
  ['a rule for no namespace', rule({ namespaces: { names: [] } }), /policy\.rules\[0\]\.namespaces/],
  ['a selector without values', expression({ operator: 'In' }), /In of k needs values/],
  ['a selector with values too many', expression({ operator: 'Exists', values: ['a'] }), /Exists of k takes no values/],
  ['a variable within a segment', rule({ paths: [{ prefix: '/team-{namespace}' }] }), /\/paths\/0\/prefix/],
  ['an unknown variable', rule({ defaultPath: '/a/{bucket}' }), /\/defaultPath/],
  ['a default path elsewhere', rule({ defaultPath: '/b/{name}' }), /policy\.rules\[0\]\.defaultPath/],
  ['a bucket name in upper case', rule({ bucketNames: { exact: ['Media'] } }), /\/bucketNames\/exact\/0/],
  ['a size with a fraction', rule({ limits: { maxSize: '1.5Gi' } }), /\/limits\/maxSize/],
  ['a size that is too large to count', rule({ limits: { maxSize: '9Pi' } }), /limits\.maxSize: 9Pi is more than/],
  [
    'a usual size above the largest',
    rule({ limits: { maxSize: '1Gi' }, defaults: { quota: { maxSize: '2G' } } }),
    /defaults\.quota\.maxSize: must be at most/,
  ],
  ['a rotation in days', rule({ defaults: { rotation: { interval: '30d' } } }), /\/rotation\/interval/],
  ['a rotation of seconds', rule({ defaults: { rotation: { interval: '59s' } } }), /rotation\.interval: .*1m/],
  [
    'an overlap as long as the rotation',
    rule({ defaults: { rotation: { interval: '1h30m', overlap: '90m' } } }),
    /rotation\.overlap: must be shorter/,
  ],
  ...['Storage', 'a-', '1st', 'a.b', 'a'.repeat(41)].map((name) => [
    `the name ${name}`,
    { fullnameOverride: name },
    /fullnameOverride: .* at most 40/,
  ]),
  ['a name that no label can have', { nameOverride: '-s3' }, /\/nameOverride/],
  [
    'a certificate of nobody',
    { tls: { enabled: true, certManager: { enabled: true, issuerRef: { kind: 'ClusterIssuer' } } } },
    /tls\.certManager\.issuerRef\.name/,
  ],
  [
    'fewer pods at most than at least',
    { gateway: { autoscaling: { enabled: true, minReplicas: 5, maxReplicas: 3 } } },
    /minReplicas \(5\) is more than maxReplicas \(3\)/,
  ],
  [
    'scaling by nothing',
    { gateway: { autoscaling: { enabled: true, targetCPUUtilizationPercentage: 0 } } },
    /gateway\.autoscaling: without a target/,
  ],
  ['a port of nodes inside the cluster', { gateway: { service: { nodePort: 30900 } } }, /gateway\.service\.nodePort/],
  [
    'a load balancer of no class of Service',
    { gateway: { service: { loadBalancerSourceRanges: ['10.0.0.0/8'] } } },
    /gateway\.service\.loadBalancerSourceRanges/,
  ],
  [
    'an update that replaces nothing',
    { gateway: { updateStrategy: { rollingUpdate: { maxSurge: 0 } } } },
    /maxUnavailable and maxSurge/,
  ],
  [
    'two operators that both lead',
    { operator: { leaderElection: { enabled: false } } },
    /operator\.replicas: 2 operators without/,
  ],
  [
    "a label of the chart's own for every object",
    { commonLabels: { 'app.kubernetes.io/component': 'mine' } },
    /commonLabels: app\.kubernetes\.io\/component/,
  ],
  [
    "a label of the chart's own for pods",
    { gateway: { podLabels: { 'app.kubernetes.io/name': 'mine' } } },
    /gateway\.podLabels: app\.kubernetes\.io\/name/,
  ],
  [
    'scaling by a share of nothing',
    { gateway: { autoscaling: { enabled: true }, resources: { requests: { cpu: null } } } },
    /gateway\.resources\.requests\.cpu, which is not set/,
  ],
];
for (const [what, values, message] of REFUSED) {
  await check(`refused: ${what}`, async () => {
    const refusal = await program('helm', ['template', 'x', CHART, '--values', '-'], JSON.stringify(values)).then(
      () => assert.fail('it was accepted'),
      (error) => error.stderr ?? Promise.reject(error),
    );
    assert.match(refusal, message);
  });
}

const TAKEN = [
  ['names with dots', { storages: [claim('/.a/..b/...')], identities: [identity('.a')] }],
  ['a webdav server without a user', webdav({})],
  ['a port, and a path', webdav({ url: 'https://[fd00::1]:8443/remote.php/dav/files/me@example.com/' })],
  [
    'neighbours on one server',
    { storages: ['a', 'ab'].map((name) => ({ name, mount: `/${name}`, webdav: { url: `http://dav/${name}` } })) },
  ],
  ['buckets above a mount', { storages: [claim('/a/b')], buckets: [{ name: 'all', path: '/a' }] }],
  [
    'a root of buckets above an upstream',
    { storages: [...s3({}).storages, claim('/b')], bucketRoot: { path: '/b/c' } },
  ],
  ['a default path by variables', rule({ paths: [{ prefix: '/{namespace}' }], defaultPath: '/teams/{name}' })],
  ['a default path of everything', rule({ paths: [{ prefix: '/' }], defaultPath: '/teams/{name}' })],
  ['sizes in units of two kinds', rule({ limits: { maxSize: '1Gi' }, defaults: { quota: { maxSize: '1G' } } })],
  ['the largest size', rule({ limits: { maxSize: '9007199254740991' } })],
  ['no probes', { gateway: { livenessProbe: null }, operator: { startupProbe: null } }],
  ['no resources', { gateway: { resources: null } }],
  [
    'a claim that goes with the chart',
    {
      storages: [
        { name: 'a', mount: '/', claim: { size: '1Gi', annotations: { 'helm.sh/resource-policy': 'delete' } } },
      ],
    },
  ],
  ['a name of 40 characters', { fullnameOverride: 'a'.repeat(40) }],
  ['a release of a long name', { nameOverride: `a-${'b'.repeat(36)}--c` }],
  ['a rotation of a minute', rule({ defaults: { rotation: { interval: '60s', overlap: '59s' } } })],
];
for (const [what, values] of TAKEN) {
  await check(`taken: ${what}`, async () =>
    objectsOf(await program('helm', ['template', 'x', CHART, '--values', '-'], JSON.stringify(values))),
  );
}
