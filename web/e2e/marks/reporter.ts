// Lets the figures through to standard output and says the rest on standard error, so that a program can read the former.
import type { Reporter, TestCase, TestResult } from "@playwright/test/reporter";

export default class MarksReporter implements Reporter {
  onStdOut(chunk: string | Buffer): void {
    process.stdout.write(chunk);
  }

  onTestEnd(test: TestCase, result: TestResult): void {
    process.stderr.write(`${result.status}: ${test.title} (${Math.round(result.duration / 1_000)} s)\n`);
    for (const error of result.errors) process.stderr.write(`${error.stack ?? error.message ?? ""}\n`);
  }

  printsToStdio(): boolean {
    return true;
  }
}
