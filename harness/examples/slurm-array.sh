#!/bin/bash
# A run by eight tasks of a Slurm array, into a folder that all nodes share. Slurm tells each
# which it is (SLURM_ARRAY_TASK_ID); rtclab asks for that itself. The run is put together by a job
# that waits for all of them, however they ended:
#
#     run=$PWD/run-1
#     array=$(sbatch --parsable slurm-array.sh "$run")
#     sbatch --dependency="afterany:$array" --wrap "rtclab merge '$run'/shard-* --out '$run/merged'"
#
# A task that is started again (a node failed, its time was up) goes on with its run: by itself
# when it is requeued, or by `sbatch --array=3 slurm-array.sh "$run"`, in which Slurm's own count
# is no longer that of the shards. So the number stands in --shard.
#SBATCH --job-name=rtclab
#SBATCH --array=1-8
#SBATCH --cpus-per-task=2
#SBATCH --mem=2G
#SBATCH --time=01:00:00
#SBATCH --requeue
#SBATCH --signal=B:INT@60
set -u
shards=8
run=${1:?usage: sbatch slurm-array.sh FOLDER}
out=$run/shard-$SLURM_ARRAY_TASK_ID
where=--out
[ ! -e "$out/journal.jsonl" ] || where=--resume

# Nodes let users have network namespaces; `rtclab doctor` says whether they do.
exec rtclab run --repeat 20 --seed 1 --shard "$SLURM_ARRAY_TASK_ID/$shards" "$where" "$out"
