/** What every resource knows of where it is. */
export interface Place {
  partition: string;
  region: string;
  account: string;
}
