/** The command line of Holdfast. */
export {};
