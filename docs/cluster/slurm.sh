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
head=$SLURMD_NODENAME
port=$((6400 + SLURM_JOB_ID % 1000)) # another job on the same node has another
others=$((SLURM_JOB_NUM_NODES - 1))
export RAY_USAGE_STATS_ENABLED=0
# Everybody on the cluster reaches these ports; Ray asks for the token from 2.52 on.
RAY_AUTH_TOKEN=$(od -An -N32 -tx1 /dev/urandom | tr -d ' \n')
export RAY_AUTH_MODE=token RAY_AUTH_TOKEN

# srun takes neither the job's processors (from Slurm 22.05 on) nor, for fewer nodes than the job has, its tasks
srun --nodes=1 --ntasks=1 --cpus-per-task="$SLURM_CPUS_PER_TASK" --overlap --nodelist="$head" \
    ray start --head --port="$port" --num-cpus="$SLURM_CPUS_PER_TASK" --include-dashboard=false --block &
started=$!
until ray health-check --address "$head:$port" 2>/dev/null; do
    kill -0 "$started" 2>/dev/null || { echo "Ray did not start on $head; what it said is above." >&2; exit 1; }
    sleep 2
done

if [ "$others" -gt 0 ]; then
    srun --nodes="$others" --ntasks="$others" --ntasks-per-node=1 --cpus-per-task="$SLURM_CPUS_PER_TASK" --overlap \
        --exclude="$head" ray start --address="$head:$port" --num-cpus="$SLURM_CPUS_PER_TASK" --block &
    sleep 20 # nodes that come later than this are not used
fi

grade batch "$submissions" --assignment "$assignment" --out "$results" --executor ray --address "$head:$port"
