#!/bin/bash
#SBATCH --job-name=grade
#SBATCH --nodes=4
#SBATCH --ntasks-per-node=1
#SBATCH --cpus-per-task=16
#SBATCH --time=04:00:00

# Starts Ray on every node of this job and grades a class on all of them. Submit it where `grade` is installed:
#     sbatch slurm.sh SUBMISSIONS ASSIGNMENT RESULTS
set -euo pipefail

submissions=$1
assignment=$2
results=$3
port=6379
head=$(hostname)
export RAY_USAGE_STATS_ENABLED=0

srun --nodes=1 --ntasks=1 --overlap --nodelist="$head" \
    ray start --head --port="$port" --num-cpus="$SLURM_CPUS_PER_TASK" --include-dashboard=false --block &
until ray health-check --address "$head:$port"; do sleep 2; done

if [ "$SLURM_JOB_NUM_NODES" -gt 1 ]; then
    srun --nodes="$((SLURM_JOB_NUM_NODES - 1))" --ntasks-per-node=1 --overlap --exclude="$head" \
        ray start --address="$head:$port" --num-cpus="$SLURM_CPUS_PER_TASK" --block &
    sleep 20 # nodes that come later than this are not used
fi

grade batch "$submissions" --assignment "$assignment" --out "$results" --executor ray --address "$head:$port"
