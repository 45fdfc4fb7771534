/** The descriptor of a pipe that the system closes when the process that forked the runner ends. */
export const PARENT_FD = 4;
