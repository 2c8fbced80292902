/** What `--help` prints, by command. */
export const HELP: Readonly<Record<'bucketway' | 'serve' | 'check', string>> = {
  bucketway: `Serves folders and other storages over S3.

Usage:
  bucketway COMMAND [flags]

Commands:
  serve DIR              Serve a folder: each of its subfolders is a bucket
  serve --config FILE    Serve what a configuration file says
  check FILE             Print every mistake of a configuration file

Flags:
  -h, --help             Help for a command
      --version          Print the version

Use "bucketway COMMAND --help" for more about a command.
`,
  serve: `Serves S3 until it is stopped. SIGTERM lets running requests end.

Usage:
  bucketway serve DIR [flags]
  bucketway serve --config FILE

Examples:
  # Each folder in ./data is a bucket
  bucketway serve ./data

  # ./photos itself is the one bucket "photos", on another port
  bucketway serve ./photos --bucket photos --port 9100

  # Storages, identities, buckets and TLS from a file, which is followed while it runs
  bucketway serve --config bucketway.yaml

Flags of serve DIR:
      --bucket NAME              Serve DIR itself as this one bucket
      --port PORT                Port to listen on (default 9000; 0 for any)
      --host HOST                Address to listen on (default 127.0.0.1; 0.0.0.0 for every one)
      --admin-port PORT          Also serve /metrics, /healthz, /readyz and /status there (default off)
      --access-key ID            Access key id (or BUCKETWAY_ACCESS_KEY_ID)
      --secret-key KEY           Secret access key (or BUCKETWAY_SECRET_ACCESS_KEY, which ps does not show)
                                 Without keys, a pair is made and kept in DIR/.bucketway/credentials.json
      --region REGION            Region that clients sign for (default us-east-1)
      --signature-versions LIST  v4, v2 or v4,v2 (default v4)
      --workers N                Processes, or auto for one a core (default auto, at most 4)
      --durability LEVEL         none, file or directory: what is flushed to disk before a write is
                                 acknowledged (default none)
      --access-log TARGET        stdout, off or the path of a file (default off)

Flags:
      --config FILE              Serve what this file says; see docs/configuration.md
  -h, --help                     This help
`,
  check: `Reads a configuration file and every file that it names, and prints each mistake with its line.
Exits with 0 where the file can be served and with 1 where not. Without --connect it asks no storage.

Usage:
  bucketway check FILE [flags]

Examples:
  bucketway check bucketway.yaml

  # Is every storage there, does it take the credentials, and what can it do?
  bucketway check bucketway.yaml --connect

Flags:
      --connect    Also try every storage and print what each can do; exits with 1 where one cannot be used
  -h, --help       This help
`,
};
