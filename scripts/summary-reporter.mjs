/**
 * Ends a test run with one line that a person or a script can read: `N passed, N failed`. Before it stands a line for each suite
 * that was skipped, whose title says what it needs, so that no run looks like more than it was.
 */
export default class SummaryReporter {
  onInit({ config }) {
    // A run of tests by their names skips all others, which nobody has to be told.
    this.namesTests = config.testNamePattern !== undefined;
  }

  onTestRunEnd(modules, unhandledErrors) {
    let passed = 0;
    let failed = unhandledErrors.length;
    for (const module of modules) {
      // A module that does not load has no tests, only errors of its own.
      if (module.errors().length > 0) failed++;
      for (const test of module.children.allTests()) {
        const { state } = test.result();
        if (state === 'passed') passed++;
        else if (state === 'failed') failed++;
      }
    }
    const lines = this.namesTests ? [] : skips(modules);
    lines.push(`${passed} passed, ${failed} failed`);
    // On exit, so that nothing another reporter prints comes after it.
    process.once('exit', () => process.stdout.write(`${lines.join('\n')}\n`));
  }
}

/**
 * What was skipped: suites as a whole, tests of others, and, by what they were lacking, those that skipped themselves.
 * @returns a line for each
 */
export function skips(modules) {
  const lines = new Set();
  const withoutTitle = new Map();
  const look = (task) => {
    if (task.type === 'test') {
      const { state, note } = task.result();
      if (state !== 'skipped') return;
      if (note === undefined) lines.add(`SKIPPED ${task.fullName}`);
      else withoutTitle.set(note, (withoutTitle.get(note) ?? 0) + 1);
    } else if (task.options?.mode === 'skip') lines.add(`SKIPPED ${task.fullName}`);
    else for (const child of task.children) look(child);
  };
  for (const module of modules) look(module);
  for (const [note, count] of withoutTitle) lines.add(`SKIPPED ${count} ${count === 1 ? 'test' : 'tests'} (${note})`);
  return [...lines];
}
